import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { freeingBytes } from './free-bytes.ts'
import { LendingSocket } from './lending-socket.ts'
import { cutStream } from './reset-socket.ts'
import { H2Stream } from './tunnel/h2/stream.ts'

/** Bytes that crossed so far; kept up to date while the splice runs. */
export interface SpliceCounters {
  aToB: number
  bToA: number
}

/**
 * Connects two streams in both directions with backpressure, until both are closed. An end on one side becomes an
 * end on the other while the opposite direction goes on (half-close); an error or an early close destroys the
 * other side. Never rejects: whoever owns a stream listens for its errors.
 */
export function splice(
  a: Duplex,
  b: Duplex,
  counters: SpliceCounters = { aToB: 0, bToA: 0 },
): Promise<SpliceCounters> {
  return new Promise((resolve) => {
    let openSides = 2
    const closed = () => {
      openSides -= 1
      if (openSides === 0) resolve(counters)
    }
    pump(a, b, (bytes) => {
      counters.aToB += bytes
    })
    pump(b, a, (bytes) => {
      counters.bToA += bytes
    })
    bind(a, b, closed)
    bind(b, a, closed)
  })
}

function pump(from: Duplex, to: Duplex, count: (bytes: number) => void): void {
  // Only these tell, by `writableLength` and the callback of a write, when they need its memory no longer.
  if (from instanceof LendingSocket && (to instanceof Socket || to instanceof H2Stream))
    from.lendTo(to, count)
  else if (from instanceof H2Stream && to instanceof Socket) from.lendTo(to, count)
  else {
    const isFreed = from instanceof Socket && (to instanceof Socket || to instanceof H2Stream)
    from.on('data', (data: Buffer) => {
      count(data.length)
      if (to.destroyed || to.writableEnded) return
      if (!to.write(data, isFreed ? freeingBytes(data) : undefined)) from.pause()
    })
  }
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  if (from.readableEnded) to.end()
  // It may have been paused until there was somewhere to go.
  else from.resume()
}

/** What the end of one side means for the other. */
function bind(side: Duplex, other: Duplex, closed: () => void): void {
  let error: Error | undefined
  side.on('error', (cause) => {
    error = cause
    cutStream(other, cause)
  })
  const onClose = () => {
    closed()
    // Cut before its end: what the other side got is incomplete, and it has to learn that.
    if (error !== undefined || !side.readableEnded) cutStream(other, error)
    // Closed in both directions: nobody takes what the other side still says, but it gets all that was said to it.
    else if (other.writableFinished) other.destroy()
    else other.on('finish', () => other.destroy())
  }
  if (side.closed) onClose()
  else side.on('close', onClose)
}
