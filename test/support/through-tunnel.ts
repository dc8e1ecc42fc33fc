import type { Duplex } from 'node:stream'
import { readToEnd } from './start-hosts.ts'
import type { TestAgent } from './start-tunnel.ts'

/** A connection to a port of this machine; that it fails is for the test to see by other things than its `error`. */
export async function openStream({ egress }: TestAgent, port: number): Promise<Duplex> {
  const stream = await egress.connect({ host: '127.0.0.1', port }, new AbortController().signal)
  return stream.on('error', () => undefined)
}

/** Says it, ends its side and gives back all that comes. */
export async function echoed(agent: TestAgent, port: number, text = 'hello'): Promise<string> {
  const stream = await openStream(agent, port)
  const received = readToEnd(stream)
  stream.end(text)
  return String(await received)
}
