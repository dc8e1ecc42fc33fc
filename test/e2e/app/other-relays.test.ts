import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NO_WINDOWS, quietSettings, startApp } from '../../support/start-app.ts'
import { type OtherRelayOptions, startOtherRelay } from '../../support/start-other-relay.ts'

const PATIENCE = { timeout: 30_000 }
const DAY_MS = 24 * 60 * 60_000

type Json = Readonly<Record<string, unknown>>

function only(names: readonly string[], answer: Json): Json {
  return Object.fromEntries(Object.entries(answer).filter(([name]) => names.includes(name)))
}

/** As the first relays answered: no details of usage, and no list of requests. */
function olderAnswer(path: string, answer: Json): Json | undefined {
  switch (path) {
    case '/health':
      return { ...only(['status', 'relay', 'authenticated', 'upstreams'], answer), version: '0.0.1' }
    case '/auth/status':
      return only(['authenticated', 'message'], answer)
    case '/stats':
      return only(['requests', 'premium_requests_used', 'authenticated', 'uptime'], answer)
    default:
      return undefined
  }
}

const NEW_REQUEST = {
  id: 'r-1',
  startedAt: '2026-11-21T12:00:00.000Z',
  durationMs: 1200,
  firstByteMs: 300,
  upstream: 'orbital',
  endpoint: '/v3/thoughts',
  model: 'thinker-9',
  client: 'builder',
  stream: true,
  outcome: 'delegated',
  status: 200,
  inputTokens: 10,
  outputTokens: 20,
  premiumRequests: null,
  credits: null,
  costUsd: null,
  carbonGrams: 3,
}

/** Fields, names and words that nobody here has heard of. */
function newerAnswer(path: string, answer: Json): Json {
  const more = { ...answer, orbit: { height: 400, unit: 'km' } }
  if (path === '/health')
    return { ...more, version: '9.0.0', upstreams: { ...(answer.upstreams as Json), orbital: true } }
  return path === '/stats/requests' ? { ...more, requests: [NEW_REQUEST] } : more
}

/** The app with a relay that it reaches by its address, and the dashboard in front. */
async function openDashboard(options: OtherRelayOptions): Promise<Page> {
  const relay = await startOtherRelay(options)
  onTestFinished(() => relay.close())
  const app = await startApp({
    prepare: async (home) => {
      const adminTokenFile = join(home, 'admin.token')
      await writeFile(adminTokenFile, 'sba_of_the_owner', { mode: 0o600 })
      const { profiles } = quietSettings(home) as { profiles: object[] }
      const settings = { profiles: [{ ...profiles[0], relay: { url: relay.url, adminTokenFile } }] }
      await writeFile(join(home, 'settings.json'), JSON.stringify(settings))
    },
  })
  const page = await app.window()
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor(PATIENCE)
  return page
}

describe.skipIf(NO_WINDOWS)('the dashboard of', () => {
  test('an older relay shows what that tells, and what it does not tell as unknown', async () => {
    const page = await openDashboard({ rewrite: olderAnswer })
    const relay = page.getByRole('region', { name: 'Relay', exact: true })
    await relay.getByText('0.0.1', { exact: true }).waitFor(PATIENCE)
    await page.getByRole('region', { name: 'Usage: Since the relay started' }).waitFor(PATIENCE)
    await page.getByText('This relay keeps no list of requests.').waitFor(PATIENCE)
    await expect.poll(() => page.getByRole('region', { name: 'What is wrong now' }).count()).toBe(0)
  }, 90_000)

  test('a newer relay shows what is understood of it, new words included', async () => {
    const page = await openDashboard({ rewrite: newerAnswer })
    const relay = page.getByRole('region', { name: 'Relay', exact: true })
    await relay.getByText('9.0.0', { exact: true }).waitFor(PATIENCE)
    await page.getByRole('region', { name: /^Usage: \w+ \d{4}, UTC$/ }).waitFor(PATIENCE)
    const row = page.getByRole('region', { name: 'Recent requests' }).getByRole('row', { name: /thinker-9/ })
    await row.getByText('Other').waitFor(PATIENCE)
    await expect.poll(() => page.getByRole('region', { name: 'What is wrong now' }).count()).toBe(0)
  }, 90_000)
})

describe.skipIf(NO_WINDOWS)('the diagnostics', () => {
  test('name a clock that is a day off', async () => {
    const page = await openDashboard({ aheadMs: DAY_MS })
    await page.getByRole('link', { name: 'Diagnostics' }).first().click()
    await page.getByText('The clock of the relay is 1 day 0 h ahead of the one here.').waitFor(PATIENCE)
    await page.getByText('Set both by the network (NTP)').waitFor(PATIENCE)
  }, 90_000)
})
