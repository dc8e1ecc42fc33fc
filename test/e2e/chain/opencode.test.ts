import { afterAll, beforeAll, expect, test } from 'vitest'
import { GOOD_JOURNEY, openCodeJourney, openCodeResponder } from '../../support/opencode.ts'
import { type Chain, startChain } from '../../support/start-chain.ts'

let chain: Chain

beforeAll(async () => {
  chain = await startChain({ copilot: { respond: openCodeResponder } })
  await chain.connected()
})

afterAll(() => chain?.close())

test('OpenCode that only /setup has configured ends a conversation with a tool through the whole chain', async () => {
  const { url } = chain.client('vm')
  const secrets = [chain.github.oauthToken, chain.openrouterKey]
  expect(await openCodeJourney({ baseUrl: url, secrets })).toMatchObject(GOOD_JOURNEY)
  const conversation = chain.copilot.requests.filter(({ method }) => method === 'POST')
  expect(conversation.length).toBeGreaterThanOrEqual(2)
  expect(conversation.every(({ headers }) => chain.github.copilotTokens.has(bearer(headers)))).toBe(true)
  await chain.bridgeState(
    ({ clients: [client] }) => (client?.traffic.bytesFromClient ?? 0) > 10_000,
    'the conversation in the counters of the bridge',
  )
}, 90_000)

function bearer({ authorization = '' }: { readonly authorization?: string | undefined }): string {
  return authorization.replace(/^Bearer /, '')
}
