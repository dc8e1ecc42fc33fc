import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import type { SshLink } from '../../../src/main/ssh/link.ts'
import { listenLocal } from '../../../src/main/ssh/local-listener.ts'
import { freePort } from '../../support/free-port.ts'
import { echo, resolvedHost, startTcpServer } from '../../support/make-link.ts'
import { connectLink, startOwnSshd } from '../../support/start-link.ts'

async function connected(config?: readonly string[]): Promise<SshLink> {
  return connectLink(resolvedHost(await startOwnSshd(config)))
}

async function serve(onSocket: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const { port } = await startTcpServer(onSocket, onTestFinished)
  return { host: '127.0.0.1', port }
}

test('a channel carries bytes there and back and ends cleanly', async () => {
  const link = await connected()
  const channel = await link.openChannel(await serve(echo))
  channel.end(Buffer.alloc(3_000_000, 'x'))
  expect((await buffer(channel)).length).toBe(3_000_000)
  if (!channel.closed) await once(channel, 'close')
})

test('a channel half-closes: the answer comes after the end of the question', async () => {
  const link = await connected()
  const target = await serve((socket) => {
    let length = 0
    socket.on('data', (data) => {
      length += data.length
    })
    socket.on('end', () => socket.end(`${length} bytes`))
  })
  const channel = await link.openChannel(target)
  channel.end('12345')
  expect((await buffer(channel)).toString()).toBe('5 bytes')
})

test('destroying a channel closes the connection behind it', async () => {
  const link = await connected()
  const accepted = Promise.withResolvers<Socket>()
  const channel = await link.openChannel(await serve(accepted.resolve))
  const socket = await accepted.promise
  socket.resume()
  const closed = Promise.all([once(socket, 'end'), once(channel, 'close')])
  channel.destroy()
  await closed
})

test('a port where nothing listens is told from forwarding that is not allowed', async () => {
  const open = await connected()
  await expect(open.openChannel({ host: '127.0.0.1', port: await freePort() })).rejects.toMatchObject({
    code: 'ssh.forward-target-refused',
  })
  const closed = await connected(['AllowTcpForwarding no'])
  await expect(closed.openChannel({ host: '127.0.0.1', port: 80 })).rejects.toMatchObject({
    code: 'ssh.forwarding-refused',
  })
})

test('an aborted wait for a channel rejects with the reason', async () => {
  const link = await connected()
  const gone = AbortSignal.abort(new Error('changed my mind'))
  await expect(link.openChannel({ host: '127.0.0.1', port: 1 }, gone)).rejects.toThrow('changed my mind')
})

test('a reader that stalls bounds what is kept in memory', async () => {
  const link = await connected()
  let sent = 0
  const target = await serve((socket) => {
    const block = Buffer.alloc(256 * 1024)
    const send = () => {
      while (!socket.destroyed) {
        sent += block.length
        if (!socket.write(block)) break
      }
    }
    socket.on('drain', send)
    send()
  })
  const channel = await link.openChannel(target)
  channel.pause()
  let before = -1
  // Until nothing moves any more: the windows of SSH and the kernel's buffers are full.
  await expect
    .poll(
      () => {
        const isStill = sent === before
        before = sent
        return isStill
      },
      { interval: 300, timeout: 10_000 },
    )
    .toBe(true)
  expect(channel.readableLength).toBeLessThan(5 * 1024 * 1024)
  expect(sent).toBeLessThan(64 * 1024 * 1024)
  channel.destroy()
})

test('two thousand short channels leave no socket and no channel behind', async () => {
  const link = await connected()
  const target = await serve((socket) => {
    socket.once('data', () => socket.end('ok'))
  })
  const local = await listenLocal(link, { host: '127.0.0.1', port: 0 }, target)
  onTestFinished(() => local.close())
  const openFiles = () => readdirSync('/proc/self/fd').length
  const request = async () => {
    const socket = connect(local.port, '127.0.0.1')
    socket.write('anybody there?')
    return (await buffer(socket)).toString() === 'ok'
  }
  expect(await request()).toBe(true)
  const before = openFiles()
  let answered = 0
  const worker = async (count: number) => {
    for (let index = 0; index < count; index += 1) if (await request()) answered += 1
  }
  await Promise.all(Array.from({ length: 20 }, () => worker(100)))
  expect(answered).toBe(2_000)
  await expect.poll(openFiles, { timeout: 5_000 }).toBeLessThanOrEqual(before + 2)
}, 60_000)

test('a local listener resets its connection when the target is not there', async () => {
  const link = await connected()
  const local = await listenLocal(
    link,
    { host: '127.0.0.1', port: 0 },
    { host: '127.0.0.1', port: await freePort() },
  )
  onTestFinished(() => local.close())
  const socket = connect(local.port, '127.0.0.1')
  const [error] = await once(socket, 'error').catch((cause: unknown) => [cause])
  expect(error).toMatchObject({ code: 'ECONNRESET' })
})

test('a local port that is taken is named', async () => {
  const link = await connected()
  const { port } = await serve(echo)
  await expect(
    listenLocal(link, { host: '127.0.0.1', port }, { host: '127.0.0.1', port: 1 }),
  ).rejects.toMatchObject({ code: 'port.taken' })
})
