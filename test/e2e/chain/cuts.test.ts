import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import { linkCause } from '../../../src/shared/state/link.ts'
import { ask, CHAT, errorMessage, type OpenAnswer, open, STREAMED_CHAT } from '../../support/ask.ts'
import { type Chain, startChain } from '../../support/start-chain.ts'
import { isAlive, waitUntil } from '../../support/start-sshd.ts'
import type { Reply } from '../../support/upstreams/reply.ts'

const SLOW: Reply = { text: 'word '.repeat(400), chunkDelayMs: 25 }

let chain: Chain
let url: string
let reply: Reply

beforeAll(async () => {
  chain = await startChain({ copilot: { respond: () => reply } })
  await chain.connected()
  url = `${chain.client('vm').url}/v1/chat/completions`
})

beforeEach(async () => {
  reply = SLOW
  await chain.connected()
})

afterAll(() => chain?.close())

async function startedStream(): Promise<OpenAnswer> {
  const stream = await open(url, { body: STREAMED_CHAT })
  await stream.events(8)
  return stream
}

/** No program takes it for a whole answer: it was cut, or it says itself that it failed. */
async function expectFailure(stream: OpenAnswer): Promise<void> {
  const end = await stream.ended
  expect(stream.text()).not.toContain('[DONE]')
  expect(stream.text()).not.toContain('"finish_reason":"stop"')
  if (end === 'complete') expect(stream.text()).toMatch(/data: \{"error":\{"message":.+\}\n\n$/)
}

/** When the present connection to the client machine came up; 0 while there is none. */
function connectedSince({ clients: [client] }: BridgeState): number {
  return client?.link.phase === 'connected' ? client.link.since : 0
}

async function expectWorks(): Promise<void> {
  reply = { text: 'It works again.' }
  const answer = await ask(url, { body: STREAMED_CHAT })
  expect(answer).toMatchObject({ status: 200, end: 'complete' })
  expect(answer.text).toContain('[DONE]')
}

test('a relay that is killed cuts the stream, is said to be down, and works again when it is back', async () => {
  const stream = await startedStream()
  await chain.relay().stop('SIGKILL')
  await expectFailure(stream)

  const refused = await ask(url, { body: CHAT })
  expect(refused).toMatchObject({ status: 503, end: 'complete' })
  expect(errorMessage(refused)).toContain(
    `relay-host is connected, but no relay answers on its port ${chain.relayPort}.`,
  )
  await chain.startRelay()
  await expectWorks()
})

test('a relay that is asked to stop lets the stream finish', async () => {
  reply = { text: 'word '.repeat(40), chunkDelayMs: 25 }
  const stream = await startedStream()
  const exit = chain.relay().stop()
  expect(await stream.ended).toBe('complete')
  expect(stream.text()).toContain('[DONE]')
  expect(await exit).toBe(0)
  await chain.startRelay()
  await expectWorks()
})

test('the link to the relay host is cut in the middle of a stream and comes back by itself', async () => {
  const stream = await startedStream()
  await chain.relayHost.restart()
  await expectFailure(stream)
  await chain.bridgeState(({ relay }) => relay.link.phase === 'connected', 'the link to the relay host')
  await expectWorks()
})

test('a request that falls into a short cut of the link to the relay host is answered late', async () => {
  await chain.relayHost.stop()
  await chain.bridgeState(({ relay }) => relay.link.phase === 'reconnecting', 'the cut to be noticed')
  reply = { text: 'Late, but here.' }
  const answer = ask(url, { body: STREAMED_CHAT })
  const channels = chain.state().clients[0]?.traffic.totalChannels ?? 0
  await chain.bridgeState(
    ({ clients: [client] }) => (client?.traffic.totalChannels ?? 0) > channels,
    'the request to reach the bridge',
  )
  await chain.relayHost.start()
  expect(await answer).toMatchObject({ status: 200, end: 'complete' })
})

test('a request that falls into a long cut of the link to the relay host is refused in words', async () => {
  await chain.relayHost.stop()
  const answer = await ask(url, { body: CHAT })
  await chain.relayHost.start()
  expect(answer).toMatchObject({ status: 503, end: 'complete', headers: { 'retry-after': '2' } })
  expect(errorMessage(answer)).toMatch(/cannot reach the relay \(relay-host:\d+\): .*refused/i)
  await (await chain.api()).retryNow({ target: 'relay' })
  await chain.bridgeState(({ relay }) => relay.link.phase === 'connected', 'the link to the relay host')
  await expectWorks()
})

test('the sshd of the client machine is killed in the middle of a stream and the tunnel comes back', async () => {
  const stream = await startedStream()
  const asked = chain.copilot.requests.at(-1)
  const before = connectedSince(chain.state())
  await chain.client('vm').sshd.restart()
  await expectFailure(stream)
  expect(await waitUntil(() => asked?.abandonedAt !== undefined, 2_000)).toBe(true)
  await chain.bridgeState((state) => connectedSince(state) > before, 'the tunnel to come back')
  await chain.connected()
  await expectWorks()
})

test('a session that hangs on the client machine is given up and its port is taken back', async () => {
  const { sshd } = chain.client('vm')
  const before = connectedSince(chain.state())
  const stream = await startedStream()
  const hanging = await sshd.sessionPids()
  for (const pid of hanging) process.kill(pid, 'SIGSTOP')
  const mark = chain.states().length
  await chain.bridgeState((state) => connectedSince(state) > before, 'a new connection', 25_000)
  await chain.connected()
  const causes = chain
    .states()
    .slice(mark)
    .map(({ clients: [client] }) => (client === undefined ? undefined : linkCause(client.link)?.code))
  expect(causes).toContain('ssh.peer-dead')
  await expectFailure(stream)
  expect(await waitUntil(() => !hanging.some(isAlive), 5_000)).toBe(true)
  await expectWorks()
}, 40_000)
