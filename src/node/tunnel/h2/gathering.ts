import type { Socket } from 'node:net'
import { freeingBytes } from '../../free-bytes.ts'

/** As much as a processor keeps near, so that a copy costs little. */
const BATCH_BYTES = 128 * 1024
const SPARE_MAX = 16
const spare: Buffer[] = []

/** Whose pieces they are. */
export interface Gatherer {
  readonly to: Socket
  /** The socket has taken so many bytes, or they are lost with it. */
  taken(bytes: number): void
}

/** There is one batch for all, as pieces come one stream after the other. */
let batch: Buffer | undefined
let filled = 0
let gatherer: Gatherer | undefined
let isScheduled = false

/** TLS gives 16 KiB at a time, and each write costs as much as the bytes in it: copies them into one for this turn. */
export function gather(by: Gatherer, bytes: Uint8Array): void {
  if (gatherer !== by || filled + bytes.length > BATCH_BYTES) writeOut()
  gatherer = by
  batch ??= spare.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES)
  batch.set(bytes, filled)
  filled += bytes.length
  if (isScheduled) return
  isScheduled = true
  setImmediate(() => {
    isScheduled = false
    writeOut()
  })
}

export function hasGathered(by: Gatherer): boolean {
  return gatherer === by
}

/** Writes at once what was gathered for it, before anything else is. */
export function writeGathered(by: Gatherer): void {
  if (gatherer === by) writeOut()
}

function writeOut(): void {
  const by = gatherer
  if (by === undefined || batch === undefined) return
  const bytes = batch.subarray(0, filled)
  gatherer = undefined
  filled = 0
  const { to } = by
  if (to.destroyed || to.writableEnded) by.taken(bytes.length)
  else if (bytes.length < BATCH_BYTES / 2) writeCopy(by, bytes)
  else writeBatch(by, bytes, batch)
}

/** So that a socket that stands still does not keep the memory of much for little. */
function writeCopy(by: Gatherer, bytes: Buffer): void {
  const { length } = bytes
  const copy = Buffer.allocUnsafeSlow(length)
  copy.set(bytes)
  const free = freeingBytes(copy)
  by.to.write(copy, (error) => {
    free?.(error)
    by.taken(length)
  })
}

function writeBatch(by: Gatherer, bytes: Buffer, memory: Buffer): void {
  let isTaken = false
  by.to.write(bytes, (error) => {
    if (isTaken) return
    // After a failure it is not sure that the system has let go of it.
    if ((error === undefined || error === null) && spare.length < SPARE_MAX) spare.push(memory)
    by.taken(bytes.length)
  })
  // The system has taken all of it, as it mostly does, although that is told only later.
  isTaken = by.to.writableLength === 0
  if (isTaken) by.taken(bytes.length)
  else batch = undefined
}
