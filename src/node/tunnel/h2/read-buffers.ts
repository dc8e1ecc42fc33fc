import type { Socket } from 'node:net'
import { freeBytes } from '../../free-bytes.ts'

/** TLS hands over a record at a time, which is 16 KiB at most. */
const READ_BYTES = 65_536
const SPARE_MAX = 16
const spare: Buffer[] = []

/** All connections read into this one, and each hands its bytes on before the next one reads. */
let common: Buffer = Buffer.allocUnsafeSlow(READ_BYTES)

/** Where the bytes of a connection come from. They are good until the call returns, unless they are held. */
export interface Reads {
  /** Gets what has come already, and what comes. */
  start(onBytes: (bytes: Buffer) => void): void
}

/**
 * What a TLS connection reads into, for the `onread` of `tls.connect`, so that nothing is allocated for what comes. Who
 * needs its bytes for longer than the call holds the buffer, and another one takes its place.
 */
export class ReadBuffers implements Reads {
  private onBytes: ((bytes: Buffer) => void) | undefined
  private early: Buffer[] = []

  readonly onread = {
    buffer: (): Buffer => common,
    callback: (count: number, buffer: Uint8Array): boolean => {
      const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, count)
      if (this.onBytes === undefined) this.early.push(Buffer.from(bytes))
      else this.onBytes(bytes)
      return true
    },
  }

  start(onBytes: (bytes: Buffer) => void): void {
    const { early } = this
    this.early = []
    this.onBytes = onBytes
    for (const bytes of early) onBytes(bytes)
  }
}

/** Memory of the read that is being handed on, where each one has its own. */
let passing: ArrayBufferLike | undefined

/** For a connection that was accepted: Node allocates memory for each read there, which is freed after the call. */
export function freedReads(socket: Socket): Reads {
  return {
    start: (onBytes) => {
      socket.on('data', (bytes: Buffer) => {
        const outer = passing
        const memory = bytes.buffer
        passing = memory
        onBytes(bytes)
        passing = outer
        if (!holders.has(memory)) freeBytes(bytes)
      })
    },
  }
}

const holders = new WeakMap<ArrayBufferLike, number>()

/** Keeps the bytes as they are. @returns what lets go of them. */
export function hold(bytes: Buffer): () => void {
  const memory = bytes.buffer
  if (memory === common.buffer) common = spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES)
  holders.set(memory, (holders.get(memory) ?? 0) + 1)
  return () => {
    const left = (holders.get(memory) ?? 1) - 1
    holders.set(memory, left)
    if (left > 0) return
    if (memory.byteLength !== READ_BYTES) freeBytes(Buffer.from(memory))
    else if (spare.length < SPARE_MAX) spare.push(Buffer.from(memory))
  }
}

/** Whether they are good only until the next read. */
export function isLent(bytes: Buffer): boolean {
  const memory = bytes.buffer
  return memory === common.buffer || memory === passing || holders.has(memory)
}
