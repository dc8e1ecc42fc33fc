import type { Duplex } from 'node:stream'

/**
 * Milliseconds after the end of the client's side at which it is asked. What reaches a client that has gone comes
 * back as a reset, and only the write after that fails; behind tunnels a reset takes a round trip or more.
 */
const ASK_AFTER_MS = [30, 60, 90, 200, 500, 1000, 2000]

/**
 * TCP says the same of a client that has only ended its side of the connection (and waits for its answer) as of one
 * that has gone. Writing to it tells them apart.
 *
 * @param ask sends something that means nothing to a client that is still there.
 * @returns ends the watch.
 */
export function watchHalfClose(connection: Duplex, ask: () => void): () => void {
  let timers: NodeJS.Timeout[] = []
  const onEnd = (): void => {
    timers = ASK_AFTER_MS.map((afterMs) => setTimeout(ask, afterMs))
  }
  if (connection.readableEnded) onEnd()
  else connection.once('end', onEnd)
  return () => {
    connection.off('end', onEnd)
    for (const timer of timers) clearTimeout(timer)
  }
}
