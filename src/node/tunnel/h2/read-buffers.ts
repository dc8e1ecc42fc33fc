/** TLS hands over a record at a time, which is 16 KiB at most. */
const READ_BYTES = 65_536
const SPARE_MAX = 16
const spare: Buffer[] = []

/** All connections read into this one, and each hands its bytes on before the next one reads. */
let common: Buffer = Buffer.allocUnsafeSlow(READ_BYTES)

/**
 * What a TLS connection reads into, for the `onread` of `tls.connect`, so that nothing is allocated for what comes. Who
 * needs its bytes for longer than the call holds the buffer, and another one takes its place.
 */
export class ReadBuffers {
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

  /** Gets what has come already, and what comes. */
  start(onBytes: (bytes: Buffer) => void): void {
    const { early } = this
    this.early = []
    this.onBytes = onBytes
    for (const bytes of early) onBytes(bytes)
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
    if (left === 0 && spare.length < SPARE_MAX && memory.byteLength === READ_BYTES)
      spare.push(Buffer.from(memory as ArrayBuffer))
  }
}

/** Whether they are good only until the next read. */
export function isLent(bytes: Buffer): boolean {
  return bytes.buffer === common.buffer || holders.has(bytes.buffer)
}
