import { expect, onTestFinished, test } from 'vitest'
import { openUsage } from '../../../src/relay/usage/usage-store.ts'
import { recentRequestsSchema } from '../../../src/shared/protocol/recent-requests.ts'
import { fakeAmbient } from '../../support/fake-ambient.ts'
import { serveRoutes } from '../../support/serve-routes.ts'
import { FACTS, makeDir, SILENT, send, startUsage } from '../../support/start-usage.ts'

test('the newest requests come first, with what is known of each and null for what is not', async () => {
  const usage = startUsage(await makeDir())
  send(usage, { facts: { client: 'vm' } })
  send(usage, { facts: { upstream: 'openrouter', model: 'deepseek/v3' }, status: 429 })
  usage.recorder.begin({ ...FACTS, model: 'slow' })
  const server = await serveRoutes(usage.routes(), 'admin')
  onTestFinished(() => server.close())
  const body: unknown = await (await fetch(`${server.url}/stats/requests`)).json()
  expect(recentRequestsSchema.strict().safeParse(body).error).toBeUndefined()
  expect(body).toMatchObject({
    requests: [
      { model: 'slow', outcome: 'in-flight', durationMs: null, status: null, inputTokens: null },
      { model: 'deepseek/v3', outcome: 'failed', status: 429, premiumRequests: null },
      {
        client: 'vm',
        outcome: 'completed',
        status: 200,
        inputTokens: 10,
        outputTokens: 5,
        premiumRequests: 6,
      },
    ],
  })
})

test('requests of earlier runs are there again after a restart, at most 200 of all', async () => {
  const dir = await makeDir()
  const earlier = openUsage({ dir, ambient: fakeAmbient(), log: SILENT })
  for (let index = 0; index < 250; index += 1) send(earlier, { facts: { model: `m${index}` } })
  const before = earlier.recent().requests
  earlier.close()
  const usage = startUsage(dir)
  expect(usage.recent().requests).toHaveLength(200)
  expect(new Set(usage.recent().requests.map(({ id }) => id))).toEqual(new Set(before.map(({ id }) => id)))
  expect(usage.recent().requests[0]).toEqual(before[0])
  send(usage, { facts: { model: 'now' } })
  expect(usage.recent().requests).toHaveLength(200)
})

test('clients may not see who asked what', async () => {
  const usage = startUsage(await makeDir())
  const route = usage.routes().find(({ path }) => path === '/stats/requests')
  expect(route?.access).toBe('admin')
})
