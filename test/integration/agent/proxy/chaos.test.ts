import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DirectEgress } from '../../../../src/main/egress/direct/direct-egress.ts'
import type { Egress } from '../../../../src/main/egress/egress.ts'
import { createAddressPolicy } from '../../../../src/node/address-policy/address-policy.ts'
import { startBytes, startProxy } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

const REQUESTS = [
  'GET http://HOST/ HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  'HEAD http://HOST/ HTTP/1.1\r\nHost: h\r\n\r\n',
  'POST http://HOST/ HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
  // Answered before its end, a request that may be followed by another would leave its connection for as long as idle ones.
  'POST http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\na',
  'GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  'CONNECT HOST HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET http://HOST/ HTTP/1.1\r\nHo',
  'GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: h\r\n\r\n',
  'junk\r\n\r\n',
]
const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel',
  `HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(900_000)}`,
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  'HTTP/1.1 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhi',
  'HTTP/1.1 200 O',
  'junk\r\n\r\n',
  '',
]
const CLIENT_STEPS = ['turn', 'turn', 'end', 'reset', 'destroy', 'pause', 'resume', 'answer'] as const
const HOST_STEPS = ['turn', 'turn', 'end', 'reset', 'destroy', 'pause'] as const

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

async function act(socket: Socket, steps: readonly string[]): Promise<void> {
  for (const step of steps) {
    if (socket.destroyed) return
    if (step === 'turn') await turn()
    else if (step === 'answer')
      await Promise.race([once(socket, 'data').catch(() => undefined), turn().then(turn)])
    else if (step === 'end') socket.end()
    else if (step === 'reset') socket.resetAndDestroy()
    else if (step === 'destroy') socket.destroy()
    else if (step === 'pause') socket.pause()
    else if (step === 'resume') socket.resume()
    else socket.write(step, 'latin1')
  }
}

test('whatever clients and hosts do, and when, nothing of it is left', async () => {
  const open = new Set<Duplex>()
  const direct = new DirectEgress({ policy: createAddressPolicy(['127.0.0.0/8']) })
  const egress: Egress = {
    name: direct.name,
    connect: async (target, signal) => {
      const stream = await direct.connect(target, signal)
      open.add(stream)
      stream.once('close', () => open.delete(stream))
      return stream
    },
    close: (drainMs) => direct.close(drainMs),
  }
  let plans: string[][] = []
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket.on('data', () => void act(socket, plans.shift() ?? []))
  })
  const { port, proxy, agent } = await startProxy({
    egress,
    headTimeoutMs: 1_000,
    limits: {
      answerMs: 1_000,
      silenceMs: 1_000,
      patienceMs: 500,
      lingerMs: 500,
      headMs: 1_000,
      checkMs: 100,
    },
  })
  const steps = fc.record({
    client: fc.array(
      fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom(...REQUESTS) },
        { weight: 3, arbitrary: fc.constantFrom<string>(...CLIENT_STEPS) },
      ),
      { minLength: 2, maxLength: 10 },
    ),
    hosts: fc.array(
      fc.array(
        fc.oneof(
          { weight: 2, arbitrary: fc.constantFrom(...ANSWERS) },
          { weight: 1, arbitrary: fc.constantFrom<string>(...HOST_STEPS) },
        ),
        { maxLength: 5 },
      ),
      { maxLength: 4 },
    ),
  })
  const clients: Socket[] = []
  await fc.assert(
    fc.asyncProperty(steps, async ({ client, hosts }) => {
      plans = hosts
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      clients.push(socket)
      socket.on('error', () => undefined).resume()
      await act(
        socket,
        client.map((step) => step.replaceAll('HOST', `127.0.0.1:${hostPort}`)),
      )
    }),
    { numRuns: 500, seed: 3 },
  )
  expect(await waitUntil(() => open.size === 0, 20_000)).toBe(true)
  expect(sockets.length).toBeGreaterThan(100)
  proxy.close()
  let isClosed = false
  void agent.close(60_000).then(() => {
    isClosed = true
  })
  const isOver = await waitUntil(() => isClosed, 15_000)
  for (const client of clients) client.destroy()
  expect(isOver).toBe(true)
}, 80_000)
