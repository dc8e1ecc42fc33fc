import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { resetSocket } from '../../../src/node/reset-socket.ts'
import { waitUntil } from '../../support/start-sshd.ts'

async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [Socket],
    unknown,
  ]
  near.on('error', () => undefined)
  onTestFinished(() => {
    far.destroy()
    server.close()
  })
  return { near, far }
}

test.each(['nothing was said', 'something is under way', 'it has said its end', 'its end is under way'])(
  'a connection is closed for good where %s, and the other side does not see an end before that of its own making',
  async (when) => {
    const { near, far } = await pair()
    const seen: string[] = []
    far
      .on('error', ({ code }: NodeJS.ErrnoException) => seen.push(code ?? ''))
      .on('end', () => seen.push('end'))
    far.resume()
    const closed = once(near, 'close')
    if (when === 'something is under way') near.write(Buffer.alloc(16 * 1024 * 1024))
    if (when.startsWith('it')) near.end()
    if (when === 'it has said its end') await once(near, 'finish')
    resetSocket(near)
    resetSocket(near)
    await closed
    const expected = when.startsWith('it') ? 'end' : 'ECONNRESET'
    expect(await waitUntil(() => seen.includes(expected), 10_000, 2), seen.join()).toBe(true)
  },
)
