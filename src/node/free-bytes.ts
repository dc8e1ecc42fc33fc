/** Less than this the garbage collector frees for less. */
const MUCH_BYTES = 8 * 1024

/**
 * Frees the memory of bytes that a socket has read and that nobody needs any more; they are empty afterwards. Left to
 * the garbage collector they make it look through the whole heap for every 64 MiB that come. Does nothing for bytes that
 * share their memory with others.
 */
export function freeBytes(bytes: Buffer): void {
  const { buffer } = bytes
  if (isWorthIt(bytes) && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** @returns what frees them, for the callback of the write that needs them last. */
export function freeingBytes(bytes: Buffer): ((error?: Error | null) => void) | undefined {
  if (!isWorthIt(bytes)) return undefined
  return (error) => {
    // After a failure it is not sure that the system has let go of them.
    if (error === undefined || error === null) freeBytes(bytes)
  }
}

function isWorthIt(bytes: Buffer): boolean {
  return bytes.length >= MUCH_BYTES && bytes.length === bytes.buffer.byteLength
}
