import { type Allowance, Earned } from './allowance.ts'

/** What an honest reader takes at a time, at the least, where there is more. */
const READ_BYTES = 64

/**
 * WINDOW_UPDATE costs the peer next to nothing and us a frame (RFC 9113 §10.5, cf. CVE-2019-9517). Who gives back what it
 * has got may do so in pieces as small as it likes: each DATA frame sent allows one for its stream and one for the
 * connection, and two more for each 64 bytes in it. Each stream may have its window enlarged at its beginning, too, as
 * some clients do. Beyond that they are cheap frames like others, of whatever size.
 */
export class WindowUpdates {
  private readonly earned: Earned

  constructor(cheap: Allowance) {
    this.earned = new Earned(cheap)
  }

  /** A stream has been opened. */
  opened(): void {
    this.earned.earn(2)
  }

  /** A frame of data has gone out. */
  sent(bytes: number): void {
    this.earned.earn(2 + 2 * Math.floor(bytes / READ_BYTES))
  }

  /** @throws H2Error for too many. */
  use(): void {
    this.earned.use('windows')
  }
}
