import type { Socket } from 'node:net'
import { hold, isLent } from './read-buffers.ts'

/** Requests of one connection that are begun before it is the turn of others. */
const REQUESTS = 16

/**
 * After so many requests a connection is read on only in the next turn of the event loop. Who opens and resets streams
 * without end (CVE-2023-44487) is slowed down by it and keeps its connection, and the others get their turns meanwhile.
 * Owns what waits to be read.
 */
export class Breath {
  private readonly socket: Socket
  /** Stops where `hold` says so. @returns how many bytes it has taken. */
  private readonly readNow: (bytes: Buffer) => number
  private readonly hold: () => void
  private left = REQUESTS
  private waiting: { readonly bytes: Buffer; readonly release: (() => void) | undefined }[] = []
  private next: NodeJS.Immediate | undefined

  constructor(socket: Socket, readNow: (bytes: Buffer) => number, hold: () => void) {
    this.socket = socket
    this.readNow = readNow
    this.hold = hold
  }

  requestBegins(): void {
    this.left -= 1
    if (this.left === 0) this.hold()
  }

  /** @param bytes that may be lent; see ReadBuffers. */
  read(bytes: Buffer): void {
    if (this.next !== undefined) {
      this.keep(bytes)
      return
    }
    const taken = this.readNow(bytes)
    if (this.left > 0) return
    this.left = REQUESTS
    if (taken < bytes.length) this.keep(bytes.subarray(taken))
    this.socket.pause()
    this.next = setImmediate(() => this.readOn())
  }

  /** Idempotent. */
  close(): void {
    clearImmediate(this.next)
    const { waiting } = this
    this.waiting = []
    for (const { release } of waiting) release?.()
  }

  private keep(bytes: Buffer): void {
    this.waiting.push({ bytes, release: isLent(bytes) ? hold(bytes) : undefined })
  }

  private readOn(): void {
    this.next = undefined
    const { waiting } = this
    this.waiting = []
    for (const { bytes, release } of waiting) {
      this.read(bytes)
      release?.()
    }
    if (this.next === undefined) this.socket.resume()
  }
}
