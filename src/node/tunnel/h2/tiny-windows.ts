import type { Allowance } from './allowance.ts'

/** From here on windows are full before so many of them harm. In bytes. */
const TINY_BYTES = 1_024
/** What an honest reader takes at a time, at the least, where there is more. */
const READ_BYTES = 64

/**
 * WINDOW_UPDATE of next to nothing costs the peer nothing and us a frame (cf. CVE-2019-9517). Who gives back what it has
 * got may do so in small pieces: each DATA frame sent allows one for its stream and one for the connection, and two
 * more for each 64 bytes in it. Beyond that they are cheap frames like others.
 */
export class TinyWindows {
  private readonly cheap: Allowance
  private free = 0

  constructor(cheap: Allowance) {
    this.cheap = cheap
  }

  /** A frame of data has gone out. */
  sent(bytes: number): void {
    this.free += 2 + 2 * Math.floor(bytes / READ_BYTES)
  }

  /** @throws H2Error for too many. */
  use(increment: number): void {
    if (increment >= TINY_BYTES) return
    if (this.free > 0) this.free -= 1
    else this.cheap.use('tiny windows')
  }
}
