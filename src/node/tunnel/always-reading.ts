import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** Of what the network has not taken yet; streams wait with more. */
const WAITING_MAX_BYTES = 2 ** 20

/**
 * A socket under an HTTP/2 session that takes whatever is written at once. Over a socket itself, Node's sessions read
 * nothing while a write is under way (https://github.com/nodejs/node/pull/29399): an upload over a slow line would hold
 * up everything that comes, and two ends that both have much to send would wait for each other for ever. One end that
 * always reads is enough. What may wait is bounded by `whenWritable`, which whoever writes much has to heed, and by
 * flow control. Owns the socket.
 */
export class AlwaysReading extends Duplex {
  private readonly socket: Socket
  private turns: (() => void)[] = []

  constructor(socket: Socket) {
    super({ allowHalfOpen: true, readableHighWaterMark: 256 * 1024 })
    this.socket = socket
    socket.on('data', (data: Buffer) => {
      if (!this.push(data)) socket.pause()
    })
    socket.on('drain', () => this.takeTurns())
    socket.once('end', () => this.push(null))
    socket.once('error', (error) => this.destroy(error))
    socket.once('close', () => this.destroy())
  }

  /** Calls back once little enough waits; at once where it does. */
  whenWritable(turn: () => void): void {
    if (this.isFull) this.turns.push(turn)
    else turn()
  }

  override _read(): void {
    this.socket.resume()
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.socket.write(data)
    done()
  }

  override _writev(pieces: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.socket.cork()
    for (const { chunk } of pieces) this.socket.write(chunk)
    this.socket.uncork()
    done()
  }

  override _final(done: () => void): void {
    this.socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy()
    const { turns } = this
    this.turns = []
    // They find out that there is nothing to write to.
    for (const turn of turns) turn()
    done(error)
  }

  private get isFull(): boolean {
    return !this.socket.destroyed && this.socket.writableLength > WAITING_MAX_BYTES
  }

  private takeTurns(): void {
    while (!this.isFull) {
      const turn = this.turns.shift()
      if (turn === undefined) return
      turn()
    }
  }
}
