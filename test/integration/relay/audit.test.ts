import { expect, test } from 'vitest'
import { ask, CHAT, open, STREAMED_CHAT } from '../../support/ask.ts'
import { startOwnRelay } from '../../support/start-own-relay.ts'
import { until } from '../../support/start-usage.ts'

interface Line {
  readonly level: number
  readonly msg: string
  readonly requestId?: string
}

const INFO = 30

async function start() {
  const relay = await startOwnRelay()
  const audited = (): Line[] =>
    relay
      .logged()
      .split('\n')
      .filter((line) => line.includes('inference request ended'))
      .map((line) => JSON.parse(line) as Line)
  return { ...relay, audited }
}

test('every inference request leaves one line with client, model, outcome and tokens', async () => {
  const relay = await start()
  const answer = await ask(`${relay.url}/v1/chat/completions`, { body: CHAT })
  await ask(`${relay.url}/api/v1/chat/completions`, { body: { ...CHAT, model: 'a/b' } })
  await ask(`${relay.url}/v1/models`)
  await until(() => relay.audited().length === 2)
  expect(relay.audited()).toMatchObject([
    {
      level: INFO,
      requestId: answer.headers['x-relay-request-id'],
      client: 'unknown',
      upstream: 'copilot',
      endpoint: '/chat/completions',
      model: 'gpt-4.1',
      outcome: 'completed',
      status: 200,
      inputTokens: expect.any(Number) as number,
      outputTokens: expect.any(Number) as number,
      ms: expect.any(Number) as number,
    },
    { upstream: 'openrouter', model: 'a/b', outcome: 'completed' },
  ])
})

test('the line of a request that was given up says so and claims no tokens', async () => {
  const relay = await start()
  relay.copilot.script({ text: 'a long answer', chunkDelayMs: 30_000 })
  const answer = await open(`${relay.url}/v1/chat/completions`, { body: STREAMED_CHAT })
  answer.leave()
  await until(() => relay.audited().length === 1)
  expect(relay.audited()).toMatchObject([{ outcome: 'cancelled', inputTokens: null, outputTokens: null }])
})

test('no line holds anything of what was said', async () => {
  const relay = await start()
  const secret = 'the-owl-flies-at-nine'
  relay.copilot.script({ text: 'and-comes-back-at-ten' })
  await ask(`${relay.url}/v1/chat/completions`, {
    body: { ...CHAT, messages: [{ role: 'user', content: secret }] },
  })
  await until(() => relay.audited().length === 1)
  expect(relay.logged()).not.toMatch(/owl-flies|comes-back/)
})
