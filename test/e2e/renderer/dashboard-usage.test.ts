import { expect, test } from 'vitest'
import { makeBusyState, makeFailure } from '../../support/make-dashboard.ts'
import { makeUsage } from '../../support/make-usage.ts'
import { busyApi, now, soon } from './dashboard-states.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

test('usage shows the allowance with its pace, and every number with source and age', async () => {
  const api = busyApi()
  const usageNow = makeUsage({ now: Date.now() })
  const models = usageNow.models.map((row) => (row.model === 'gpt-5.5' ? { ...row, price: null } : row))
  api.answer('relayUsage', () => ({ ...usageNow, models }))
  const { page } = await pages.open(api)
  const usage = page.getByRole('region', { name: /^Usage: / })
  const allowance = usage.getByRole('region', { name: 'Allowance' })
  await allowance.getByText('812 of 1,500 premium requests used').waitFor()
  await expect.poll(() => allowance.getByText('46 % left').count()).toBe(1)
  await expect.poll(() => allowance.getByText(/Copilot response header, \d+ s ago/).count()).toBe(1)
  await expect.poll(() => allowance.getByText('Unlimited').count()).toBe(2)
  await expect.poll(() => allowance.getByRole('meter').count()).toBe(1)
  await expect
    .poll(() => usage.getByRole('row', { name: /claude-opus-4.7 copilot 7.5× 1,500 \/ 7,500/ }).count())
    .toBe(1)
  expect(
    await usage.getByRole('row', { name: /qwen3-coder openrouter Not known \$0.22 \/ \$1.1/ }).count(),
  ).toBe(1)
  expect(
    await usage
      .getByText(
        /AI credits for 1,000,000 tokens, live Copilot model list, 4 min ago; USD for 1,000,000 tokens, live OpenRouter model list, 4 min ago/,
      )
      .count(),
  ).toBe(1)
  // A model whose price nobody told is not free.
  await expect.poll(() => usage.getByRole('row', { name: /gpt-5.5 copilot 1× unknown/ }).count()).toBe(1)
  await expect.poll(() => usage.getByText('plus 3 requests not measured').count()).toBe(1)
  await usage.getByText('As a table').click()
  expect(
    await usage.getByRole('group', { name: 'Per day: Requests' }).getByRole('row').count(),
  ).toBeGreaterThan(1)
  await usage.locator('label', { hasText: 'Limits' }).click()
  await expect
    .poll(() => usage.getByRole('row', { name: /builder Premium requests .* Nearly used up/ }).count())
    .toBe(1)
})

test('a relay of the first version tells little, and what it does not tell is unknown and not zero', async () => {
  const api = busyApi()
  api.answer('relayUsage', () => ({ requests: 7, premium_requests_used: 2, authenticated: true, uptime: 99 }))
  const { page } = await pages.open(api)
  const usage = page.getByRole('region', { name: 'Usage: Since the relay started' })
  await usage.waitFor()
  await expect
    .poll(() => usage.getByRole('listitem').filter({ hasText: 'Requests' }).first().innerText())
    .toContain('7')
  await expect
    .poll(() => usage.getByRole('listitem').filter({ hasText: 'Input tokens' }).innerText())
    .toContain('unknown')
})

test('old numbers stay when asking again fails, and say that they are old', async () => {
  const api = busyApi()
  const { page } = await pages.open(api, { before: (opened) => opened.clock.install() })
  await page.getByText('812 of 1,500 premium requests used').waitFor()
  api.answer('relayUsage', () => 'no usage')
  await page.clock.fastForward(30_000)
  await page.getByText('These numbers are old: asking again failed').waitFor()
  await expect.poll(() => page.getByText('812 of 1,500 premium requests used').count()).toBe(1)
  await expect
    .poll(() => page.locator('.card-body.stale', { hasText: 'These numbers are old' }).count())
    .toBe(1)
})

test('what a relay that does not answer cannot tell is no further complaint', async () => {
  const busy = makeBusyState(now())
  const cause = makeFailure('relay.not-a-relay', 'pi:8080 answered /health with status 404.')
  const api = busyApi({ relay: { ...busy.relay, health: { kind: 'failing', at: now(), cause } } })
  const { page } = await pages.open(api)
  await page.getByText('The relay cannot be reached', { exact: true }).first().waitFor()
  for (const name of ['Usage', 'Recent requests'])
    await page
      .getByRole('region', { name, exact: true })
      .getByText('The relay tells this, once it can be reached.')
      .waitFor()
  expect(api.calls.filter(([name]) => name === 'relayUsage')).toEqual([])
})

test('a relay that never told anything says so, and can be asked again', async () => {
  const api = busyApi()
  api.answer('relayUsage', () => 'no usage')
  const { page } = await pages.open(api)
  const usage = page.getByRole('region', { name: 'Usage', exact: true })
  await usage.getByText('The usage cannot be had').waitFor()
  api.answer('relayUsage', () => makeUsage({ now: now() }))
  await usage.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('812 of 1,500 premium requests used').waitFor()
})

test('a month without requests says how the first one comes about', async () => {
  const api = busyApi({ clients: [], ollama: { kind: 'off' } })
  const usage = makeUsage({ now: now() })
  const totals = { ...usage.totals, requests: 0, failed: 0, cancelled: 0, truncated: 0 }
  api.answer('relayUsage', () => ({
    ...usage,
    requests: 0,
    totals,
    models: [],
    clients: [],
    days: [],
    limits: [],
  }))
  api.answer('recentRequests', () => ({ generatedAt: new Date().toISOString(), requests: [] }))
  const { page } = await pages.open(api)
  await page.getByText('Nothing was used yet.').waitFor()
  await page.getByText('No requests yet.').waitFor()
  await expect.poll(() => page.getByText('No clients yet').count()).toBe(1)
  await expect
    .poll(() => page.getByRole('link', { name: 'Add a client' }).getAttribute('href'))
    .toBe('#/first-run')
  await expect.poll(() => page.getByText('No Ollama is set up in this profile.').count()).toBe(1)
})

test('an account billed by credits has an odd number of sums, and no cell that looks like one more', async () => {
  const api = busyApi()
  api.answer('relayUsage', () => makeUsage({ now: now() }, { premiumRequestsApply: false }))
  const { page } = await pages.open(api, { width: 360 })
  await page.locator('.sum').first().waitFor()
  await expect.poll(() => page.locator('.sum').count()).toBe(5)
  expect(await page.evaluate("getComputedStyle(document.querySelector('.sums')).backgroundColor")).toBe(
    'rgba(0, 0, 0, 0)',
  )
})

test('ten thousand models are shown in part, and found by their names', async () => {
  const api = busyApi()
  const usage = makeUsage({ now: now() })
  const [model] = usage.models
  api.answer('relayUsage', () => ({
    ...usage,
    models: Array.from({ length: 10_000 }, (_, index) => ({ ...model, model: `model-${index}` })),
  }))
  const { page } = await pages.open(api)
  const table = page.getByRole('group', { name: 'Models', exact: true })
  await table.waitFor()
  await expect.poll(() => table.getByRole('row').count()).toBe(11)
  await page.getByRole('searchbox', { name: 'Filter: Models' }).fill('model-9876')
  await table.getByRole('row', { name: /model-9876/ }).waitFor()
  await soon(() => table.getByRole('row').count()).toBe(2)
  await page.getByRole('searchbox', { name: 'Filter: Models' }).fill('')
  await page.getByRole('button', { name: 'Show 100 more' }).click()
  await soon(() => table.getByRole('row').count()).toBe(111)
})
