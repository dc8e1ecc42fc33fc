import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BridgeConnection } from '../../../src/shared/bridge-api/connect-api.ts'
import { ask, CHAT, errorMessage } from '../../support/ask.ts'
import { type Chain, startChain } from '../../support/start-chain.ts'
import { waitUntil } from '../../support/start-sshd.ts'

let chain: Chain
let api: BridgeConnection
let url: string

/** A relay that nobody has signed in to yet; the tests tell one story, in order. */
beforeAll(async () => {
  chain = await startChain({ signedIn: false, github: { intervalSeconds: 1 } })
  await chain.connected()
  api = await chain.api()
  url = `${chain.client('vm').url}/v1/chat/completions`
})

afterAll(() => chain?.close())

test('a relay that nobody has signed in to says so in words and the bridge knows it', async () => {
  const answer = await ask(url, { body: CHAT })
  expect(answer).toMatchObject({ status: 401, end: 'complete' })
  expect(errorMessage(answer)).toMatch(/sign(ed)? in/i)
  await chain.bridgeState(({ relay }) => relay.health.kind === 'ok', 'the health of the relay')
  expect(chain.state().relay.health).toMatchObject({
    upstreams: expect.arrayContaining([{ name: 'copilot', signedIn: false }]),
  })
})

test('a client machine can neither sign in nor read what only the owner may', async () => {
  for (const path of ['/auth/device', '/admin/clients']) {
    const answer = await ask(`${chain.client('vm').url}${path}`, { method: 'POST', body: {} })
    expect([path, answer.status]).toEqual([
      path,
      expect.toSatisfy((status) => status >= 401 && status <= 404),
    ])
  }
  expect(chain.github.requests).toEqual([])
})

test('the owner signs in through the bridge, and the client machine is served', async () => {
  const flow = await api.startSignIn({})
  expect(flow).toMatchObject({ user_code: 'WDJB-MJHT' })
  chain.github.answerDevice('approved')
  const isDone = async (): Promise<boolean> =>
    (await api.pollSignIn({ flowId: flow.flow_id })).status === 'success'
  expect(await waitUntil(isDone, 10_000, 200)).toBe(true)
  expect(await ask(url, { body: CHAT })).toMatchObject({ status: 200 })
  await chain.bridgeState(
    ({ relay: { health } }) => health.kind === 'ok' && health.upstreams.some(({ signedIn }) => signedIn),
    'the sign-in to be shown',
  )
})

test('a sign-in that GitHub has revoked is said to be over, in words', async () => {
  chain.github.revoke()
  const answer = await ask(url, { body: CHAT })
  expect(answer).toMatchObject({ status: 401, end: 'complete' })
  expect(errorMessage(answer)).toMatch(/sign in again/i)
})
