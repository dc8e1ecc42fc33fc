import type { Socket } from 'node:net'

export type PeekResult<Opening> =
  | { readonly kind: 'opening'; readonly opening: Opening }
  /** The time is up. */
  | { readonly kind: 'timeout' }
  /** It ended or was cut before it said what it wants. */
  | { readonly kind: 'gone' }

const NOTHING: Buffer = Buffer.alloc(0)

/**
 * Reads just enough of a connection to tell what it is. Afterwards the socket is paused, and whoever takes it has what
 * was read so far as well.
 */
export class Peek<Opening> {
  readonly socket: Socket
  private readonly read: (bytes: Buffer) => Opening | undefined
  private readonly settled: (peek: Peek<Opening>, result: PeekResult<Opening>, seen: Buffer) => void
  private readonly timer: NodeJS.Timeout
  private seen = NOTHING

  /**
   * @param read tells what the bytes so far are, or undefined while more are needed.
   * @param settled is called once; an empty `seen` tells a silent connection from a slow one.
   */
  constructor(
    socket: Socket,
    timeoutMs: number,
    read: Peek<Opening>['read'],
    settled: Peek<Opening>['settled'],
  ) {
    this.socket = socket
    this.read = read
    this.settled = settled
    this.timer = setTimeout(() => this.settle({ kind: 'timeout' }), timeoutMs)
    socket.on('data', this.onData).on('end', this.onGone).on('close', this.onGone)
    socket.resume()
  }

  private settle(result: PeekResult<Opening>): void {
    clearTimeout(this.timer)
    this.socket.pause().off('data', this.onData).off('end', this.onGone).off('close', this.onGone)
    this.settled(this, result, this.seen)
  }

  private readonly onData = (data: Buffer): void => {
    this.seen = this.seen.length === 0 ? data : Buffer.concat([this.seen, data])
    const opening = this.read(this.seen)
    if (opening !== undefined) this.settle({ kind: 'opening', opening })
  }

  private readonly onGone = (): void => this.settle({ kind: 'gone' })
}
