import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EgressAgent } from '../../../../../src/main/agent/proxy/egress-agent.ts'
import { waitUntil } from '../../../../support/start-sshd.ts'

/** As a tunnel gives it: bytes both ways and none of what only sockets have. */
function asStream(socket: Socket): Duplex {
  const { readable, writable } = Duplex.toWeb(socket)
  return Duplex.fromWeb({ readable, writable })
}

async function start(idleMs: number) {
  const connections: Socket[] = []
  const server = createServer((message, response) => message.resume().on('end', () => response.end('ok')))
  server.on('connection', (socket: Socket) => connections.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const agent = new EgressAgent(idleMs)
  onTestFinished(() => {
    agent.destroy()
    server.closeAllConnections()
    server.close()
  })
  const free = () => Object.values(agent.freeSockets).flat().length
  const post = async (open: (socket: Socket) => Duplex): Promise<string> => {
    const way = {
      key: 'one',
      open: async () => {
        const socket = connect(port, '127.0.0.1')
        await once(socket, 'connect')
        return open(socket)
      },
    }
    const call = request({ ...agent.optionsFor(way), method: 'POST', path: '/' })
    call.end('a body')
    const [answer] = (await once(call, 'response')) as [IncomingMessage]
    let text = ''
    for await (const piece of answer) text += String(piece)
    await waitUntil(() => free() === 1, 5_000)
    return text
  }
  return { connections, free, post }
}

describe.each([
  ['a socket', (socket: Socket): Duplex => socket],
  ['a stream of a tunnel', asStream],
])('%s', (_what, open) => {
  test('serves the next request, too', async () => {
    const { connections, post } = await start(60_000)
    expect([await post(open), await post(open), await post(open)]).toEqual(['ok', 'ok', 'ok'])
    expect(connections).toHaveLength(1)
  })

  test('ends by itself where no next request comes', async () => {
    const { connections, free, post } = await start(50)
    await post(open)
    expect(await waitUntil(() => free() === 0, 5_000)).toBe(true)
    expect(await waitUntil(() => connections[0]?.closed === true, 5_000)).toBe(true)
  })

  test('is not used again once the host has ended it', async () => {
    const { connections, free, post } = await start(60_000)
    await post(open)
    connections[0]?.end()
    expect(await waitUntil(() => free() === 0, 5_000)).toBe(true)
    expect(await post(open)).toBe('ok')
    expect(connections).toHaveLength(2)
  })
})
