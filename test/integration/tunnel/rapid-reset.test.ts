import { setImmediate as turn } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAddressPolicy } from '../../../src/node/address-policy/address-policy.ts'
import { dial } from '../../../src/node/address-policy/dial.ts'
import type { Lookup } from '../../../src/node/address-policy/lookups.ts'
import { inTurns } from '../../../src/node/address-policy/lookups.ts'
import { CODE, FLAG, FRAME } from '../../../src/node/tunnel/h2/codes.ts'
import { frameOf, headersFrames, numberFrame } from '../../../src/node/tunnel/h2/frames.ts'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import { ALPN } from '../../../src/shared/protocol/tunnel/wire.ts'
import type { Dial } from '../../../src/tunnel-server/serve-context.ts'
import { dialAsAgent } from '../../support/dial-as-agent.ts'
import { dialRawH2, type RawH2 } from '../../support/dial-raw-h2.ts'
import { readToEnd, startEcho, startHost } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import type { TestServer } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

// CVE-2023-44487: who opens streams and resets them at once causes work that outlives them.

const { certs, makeAgent, startServer } = tunnelFixture()

const PING = frameOf(FRAME.ping, 0, 0, Buffer.alloc(8))
const pongs = ({ heard }: RawH2): number =>
  heard.filter(({ flags, type }) => type === FRAME.ping && flags === FLAG.ack).length
const reset = (id: number): Buffer => numberFrame(FRAME.rstStream, id, CODE.cancel)

function requestOf({ encoder }: RawH2, id: number, authority: string): Buffer {
  const block = encoder.encode([
    [':method', 'CONNECT'],
    [':authority', authority],
  ])
  return headersFrames(id, block, 16_384, false)
}

/** Looks names up and never finds them, and counts what is under way. */
function countingDial() {
  const counts = { dials: 0, underWay: 0, mostUnderWay: 0, lookups: 0 }
  const never: Lookup = () => {
    counts.lookups += 1
    return new Promise(() => undefined)
  }
  const lookup = inTurns(never)
  const policy = createAddressPolicy(['127.0.0.0/8'])
  const counting: Dial = async (target, signal) => {
    counts.dials += 1
    counts.underWay += 1
    counts.mostUnderWay = Math.max(counts.mostUnderWay, counts.underWay)
    try {
      return await dial(target, { policy, lookup }, signal)
    } finally {
      counts.underWay -= 1
    }
  }
  return { counts, dial: counting }
}

/** An echo of the host comes back through a stream. */
async function echoes(raw: RawH2, id: number, port: number): Promise<boolean> {
  raw.say(requestOf(raw, id, `127.0.0.1:${port}`), frameOf(FRAME.data, 0, id, Buffer.from('hello')))
  return await waitUntil(
    () => raw.heard.some((frame) => frame.type === FRAME.data && frame.id === id),
    10_000,
  )
}

describe('a peer that opens streams and resets them', () => {
  test('has no more under way than the streams it may have, and no more names are looked up', async () => {
    const { counts, dial } = countingDial()
    const server = await startServer({ maxStreams: 64, dial })
    const raw = await dialRawH2(certs, server.port)
    let id = 1
    for (let round = 1; round <= 50; round += 1) {
      const ids = Array.from({ length: 64 }, (_, index) => id + 2 * index)
      id += 128
      raw.say(...ids.map((one) => requestOf(raw, one, `host-${one}.test:80`)), PING)
      expect(await waitUntil(() => pongs(raw) === round, 10_000, 1)).toBe(true)
      raw.say(...ids.map(reset))
    }
    expect(await waitUntil(() => server.meters.streams === 0 && counts.underWay === 0, 10_000)).toBe(true)
    expect(counts).toEqual({ dials: 3_200, underWay: 0, mostUnderWay: 64, lookups: 16 })
    expect(await echoes(raw, id, await startEcho())).toBe(true)
  })

  test('in one breath has hardly a connection begun', async () => {
    const { counts, dial } = countingDial()
    const server = await startServer({ maxStreams: 64, dial })
    const raw = await dialRawH2(certs, server.port)
    const ids = Array.from({ length: 10_000 }, (_, index) => 2 * index + 1)
    raw.say(...ids.flatMap((id) => [requestOf(raw, id, 'host.test:80'), reset(id)]), PING)
    expect(await waitUntil(() => pongs(raw) === 1, 20_000)).toBe(true)
    expect(server.meters.streamsTotal).toBe(10_000)
    // A turn or a read may end between the two frames.
    expect(counts.dials).toBeLessThan(2_000)
    expect(await echoes(raw, 20_001, await startEcho())).toBe(true)
  })
})

test('of the connections that envelopes ask for 16 are begun in one turn of the event loop', async () => {
  const turns: number[] = []
  let begun = 0
  const server = await startServer({
    dial: () => {
      begun += 1
      return Promise.reject(new AppError('egress.refused', 'Nobody is there.'))
    },
  })
  let next = setImmediate(function count() {
    turns.push(begun)
    begun = 0
    next = setImmediate(count)
  })
  onTestFinished(() => clearImmediate(next))
  const socket = await dialEnvelopes(server)
  const open = (id: number): string =>
    JSON.stringify({ type: 'connect_open', payload: { id: String(id), address: 'host.test:80' } })
  socket.write(`${Array.from({ length: 1_000 }, (_, id) => open(id)).join('\n')}\n`)
  const total = () => turns.reduce((sum, count) => sum + count, 0)
  expect(await waitUntil(() => total() === 1_000, 10_000)).toBe(true)
  expect(Math.max(...turns)).toBe(16)
})

async function dialEnvelopes(server: TestServer): Promise<TLSSocket> {
  const socket = await dialAsAgent(certs, server, { ALPNProtocols: [ALPN.envelopes] })
  return socket.resume()
}

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  test('an agent may give up thousands of requests, also at once, and keeps its tunnel', {
    timeout: 60_000,
  }, async () => {
    const server = await startServer()
    const agent = makeAgent(server, { protocol })
    const silent = await startHost((socket) => void socket.resume())
    const connect = async (signal: AbortSignal) => {
      const stream = await agent.egress.connect({ host: '127.0.0.1', port: silent }, signal)
      return stream.on('error', () => undefined)
    }
    for (let round = 0; round < 50; round += 1) {
      const abort = new AbortController()
      const asked = Array.from({ length: 100 }, () => connect(abort.signal))
      // Before anything has gone out, before it can be answered, or once it is open.
      for (let turns = 0; turns < round % 3; turns += 1) await turn()
      if (round % 5 === 0) await Promise.all(asked)
      abort.abort()
      for (const one of await Promise.allSettled(asked)) if (one.status === 'fulfilled') one.value.destroy()
    }
    expect(await waitUntil(() => server.meters.streams === 0, 10_000)).toBe(true)
    expect(server.meters.connectionsTotal).toBe(1)
    expect(agent.states.map(({ phase }) => phase)).toEqual(['connecting', 'connected'])
    const stream = await agent.egress.connect(
      { host: '127.0.0.1', port: await startEcho() },
      new AbortController().signal,
    )
    const received = readToEnd(stream)
    stream.end('hello')
    expect(String(await received)).toBe('hello')
    expect(server.logged().filter((line) => line === 'a stream failed')).toEqual([])
  })
})
