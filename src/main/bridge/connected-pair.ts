import { type Duplex, duplexPair } from 'node:stream'

/**
 * Both ends of a connection inside this process. Of a plain pair, the far end takes the near one's destruction for a
 * half-close and goes on answering nobody; with a socket it would learn that the other side has gone.
 */
export function connectedPair(): [near: Duplex, far: Duplex] {
  const [near, far] = duplexPair()
  near.once('close', () => far.destroy())
  return [near, far]
}
