import { CODE, FRAME, H2Error } from './codes.ts'
import { numberFrame } from './frames.ts'

/** What may come on a connection, all streams together (RFC 9113 §6.9). */
export class ReceiveWindow {
  private readonly size: number
  private readonly push: (frame: Buffer) => void
  private left: number
  private takenBytes = 0

  constructor(size: number, push: (frame: Buffer) => void) {
    this.size = size
    this.push = push
    this.left = size
  }

  /** @throws H2Error for more than there may be. */
  use(bytes: number): void {
    this.left -= bytes
    if (this.left < 0) throw new H2Error(CODE.flowControlError, 'more than the window of the connection')
  }

  /** So much was read. It is given back in few messages. */
  taken(bytes: number): void {
    this.takenBytes += bytes
    if (this.takenBytes < this.size / 4) return
    this.left += this.takenBytes
    this.push(numberFrame(FRAME.windowUpdate, 0, this.takenBytes))
    this.takenBytes = 0
  }
}
