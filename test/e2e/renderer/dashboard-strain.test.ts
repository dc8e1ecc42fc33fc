import { expect, test } from 'vitest'
import { makeClientState } from '../../support/make-bridge-state.ts'
import { makeBusyState, makeFailure } from '../../support/make-dashboard.ts'
import { makeRecentRequests, makeUsage } from '../../support/make-usage.ts'
import { busyApi, now, soon } from './dashboard-states.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

const HOSTILE =
  '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202Eevil\u0007\u0000 '

test('hostile names from relays and hosts are shown and do nothing', async () => {
  const long = HOSTILE + 'n'.repeat(500)
  const busy = makeBusyState(now())
  const cause = makeFailure('ssh.unreachable', long)
  const api = busyApi({
    profile: long,
    relay: { ...busy.relay, place: long },
    clients: [
      makeClientState({
        name: long,
        place: long,
        link: { phase: 'reconnecting', attempt: 1, nextTryAt: now() + 9000, since: now(), cause },
      }),
    ],
    ollama: { kind: 'failing', place: long, at: now(), cause },
  })
  const usage = makeUsage({ now: now() })
  const [model] = usage.models
  if (model === undefined) throw new Error('There are models.')
  api.answer('relayUsage', () => ({
    ...usage,
    models: [{ ...model, model: long, upstream: long }, 'no model at all'],
    account: { ...usage.account, plan: long },
    quotas: usage.quotas.map((quota) => ({ ...quota, id: long, source: long, unit: long })),
  }))
  const requests = makeRecentRequests({ now: now() })
  api.answer('recentRequests', () => ({
    ...requests,
    requests: requests.requests.map((request) => ({ ...request, model: long, client: long, upstream: long })),
  }))
  const { page, complaints } = await pages.open(api, { width: 360, height: 700 })
  await page
    .getByRole('region', { name: /^Usage: / })
    .getByText('Where it went')
    .waitFor()
  await page.getByRole('region', { name: 'Recent requests' }).first().waitFor()
  await expect.poll(() => page.title()).toBe('Dashboard · Sovereign Bridge')
  await expect.poll(() => page.locator('img, main script').count()).toBe(0)
  const text = await page.evaluate('document.body.innerText')
  expect(text).toContain('<img src=x')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
  expect(text).not.toMatch(/[\u0000-\u0008\u202A-\u202E\u2066-\u2069]/)
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
  expect(complaints).toEqual([])
})

/** Notes at each key how many messages the page has had. */
const COUNT_MESSAGES_AT_INPUT = `
  window.messagesAtInput = []
  window.messages = 0
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args)
      this.addEventListener('message', () => { window.messages += 1 })
    }
  }
  addEventListener('input', () => window.messagesAtInput.push(window.messages), true)
`

test('two hundred states a second leave room for whoever types', async () => {
  const clients = Array.from({ length: 40 }, (_, index) => makeClientState({ name: `client-${index}` }))
  const api = busyApi({ clients })
  const usage = makeUsage({ now: now() })
  const [model] = usage.models
  api.answer('relayUsage', () => ({
    ...usage,
    models: Array.from({ length: 50 }, (_, index) => ({ ...model, model: `model-${index}` })),
  }))
  const { page } = await pages.open(api, {
    before: (opened) => opened.addInitScript(COUNT_MESSAGES_AT_INPUT),
  })
  const filter = page.getByRole('searchbox', { name: 'Filter: Models' })
  await filter.waitFor()
  let published = 0
  const timer = setInterval(() => {
    published += 1
    const traffic = {
      bytesToClient: published * 9000,
      bytesFromClient: published,
      openChannels: 1,
      totalChannels: 1,
      lastByteAt: now(),
    }
    api.publish({ clients: clients.map((client) => ({ ...client, traffic })) })
  }, 5)
  try {
    for (const key of 'model-4') {
      await filter.press(key)
      await soon(() => page.evaluate('messages > messagesAtInput.at(-1)')).toBe(true)
    }
    await expect.poll(() => filter.inputValue()).toBe('model-4')
    await page.getByText('10 of 50 shown').or(page.getByText('11 of 50 shown')).waitFor()
    // Each key was handled between two states.
    const messagesAtInput = (await page.evaluate('messagesAtInput')) as number[]
    expect(messagesAtInput).toHaveLength('model-4'.length)
    expect(messagesAtInput).toEqual([...new Set(messagesAtInput)])
  } finally {
    clearInterval(timer)
  }
  const { revision } = api.publish({ profile: 'the-last' })
  await page.getByText('the-last').waitFor()
  expect(revision).toBeGreaterThan(published)
})
