import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import type { FakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { makeClientState } from '../../support/make-bridge-state.ts'
import {
  makeBusyState,
  makeDashboardApi,
  makeFailure,
  makeTroubledState,
} from '../../support/make-dashboard.ts'
import { makeRecentRequests, makeUsage } from '../../support/make-usage.ts'
import { type RendererBrowser, seriousFindings, startRendererBrowser } from '../../support/open-renderer.ts'

let pages: RendererBrowser
beforeAll(async () => {
  pages = await startRendererBrowser()
})
afterEach(() => pages.closePages())
afterAll(() => pages.close())

const now = (): number => Date.now()

/** Machines that do much else need longer than the second that a poll has by itself. */
const soon = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 10_000 })

function busyApi(change: Partial<BridgeState> = {}): FakeBridgeApi {
  return makeDashboardApi(makeBusyState(now(), change), now())
}

/** With the address of this computer free, so that no question about it is in the way. */
function troubledState(): BridgeState {
  const { agent } = makeBusyState(now())
  return { ...makeTroubledState(now()), agent }
}

function disconnectedState(): BridgeState {
  const busy = makeBusyState(now())
  return {
    ...busy,
    wanted: 'disconnected',
    agent: { phase: 'off' },
    ollama: { kind: 'off' },
    relay: { ...busy.relay, link: { phase: 'idle' }, health: { kind: 'unknown' } },
    clients: busy.clients.map((client) => ({
      ...client,
      link: { phase: 'idle' },
      listener: { phase: 'off' },
    })),
  }
}

test('the path shows each hop with its state, and nothing complains about the strict content policy', async () => {
  const { page, complaints } = await pages.open(busyApi())
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  const path = page.getByRole('region', { name: 'The path' })
  for (const name of [
    'builder',
    'gpu-box',
    'old-laptop',
    'pi:8080',
    'GitHub Copilot',
    'OpenRouter',
    'Ollama',
  ])
    expect(await path.getByRole('heading', { name, exact: true }).count(), name).toBe(1)
  expect(await path.getByText('SSH 12 ms · path 31 ms').count()).toBe(1)
  // Three clients, the relay, two providers and Ollama, all measured and drawn.
  await soon(() => path.locator('.path-line').count()).toBe(7)
  expect(complaints).toEqual([])
})

test('throughput comes from the difference of two counts', async () => {
  const api = busyApi()
  const { page } = await pages.open(api)
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  const [builder, ...others] = makeBusyState(now()).clients
  if (builder === undefined) throw new Error('The busy state has clients.')
  let moved = 0
  const isShown = async (): Promise<boolean> => {
    moved += 500_000
    const traffic = { ...builder.traffic, bytesToClient: builder.traffic.bytesToClient + moved }
    api.publish({ clients: [{ ...builder, traffic }, ...others] })
    return (await page.getByText(/↓ [\d.]+ [KM]iB\/s/).count()) === 1
  }
  await soon(isShown).toBe(true)
  expect(await page.locator('.path-flow').count()).toBeGreaterThan(0)
})

test('what is wrong is told once at its root, with what to do and what it takes with it', async () => {
  const { page } = await pages.open(makeDashboardApi(troubledState(), now()))
  const wrong = page.getByRole('region', { name: 'What is wrong now' })
  await wrong.getByText('The relay cannot be reached').waitFor()
  expect(await wrong.getByText('Because of this: builder and gpu-box cannot work either.').count()).toBe(1)
  expect(await wrong.getByText('builder does not work').count()).toBe(0)
  expect(await wrong.getByText('ci-runner does not work').count()).toBe(1)
  expect(await wrong.getByText('Check the user name, and that the public key').count()).toBe(1)
  expect(await wrong.getByText(/Next try in \d+ s/).count()).toBe(1)
})

test('what is wrong stays where it is while the relay is dialled again', async () => {
  const state = troubledState()
  const { link } = state.relay
  if (link.phase !== 'reconnecting') throw new Error('The relay is away.')
  const api = makeDashboardApi(state, now())
  const { page } = await pages.open(api)
  const notice = page.locator('.notice', { hasText: 'The relay cannot be reached' })
  await notice.getByText(/Next try in/).waitFor()
  const outage = { since: link.since, cause: link.cause }
  api.publish({
    relay: {
      ...state.relay,
      link: { phase: 'connecting', step: 'connecting', attempt: 7, since: now(), outage },
    },
  })
  await notice.getByText('Trying again…').waitFor()
  expect(await notice.getByText(link.cause.message).count()).toBe(1)
  expect(await notice.getByRole('button', { name: 'Retry now' }).getAttribute('aria-busy')).toBe('true')
  expect(await page.locator('.status').getByRole('button', { name: 'Retry now' }).count()).toBe(1)
})

test('each trouble has the way out of it', async () => {
  const api = makeDashboardApi(troubledState(), now())
  const { page } = await pages.open(api)
  const wrong = page.getByRole('region', { name: 'What is wrong now' })
  const notice = (title: string) => wrong.locator('.notice', { hasText: title })
  await notice('The relay cannot be reached').getByRole('button', { name: 'Retry now' }).click()
  await notice('ci-runner does not work').getByRole('button', { name: 'Retry now' }).click()
  await notice('Ollama does not answer').getByRole('button', { name: 'Check again' }).click()
  const asked = (): unknown => api.calls.filter(([name]) => name === 'retryNow' || name === 'probeOllama')
  await soon(asked).toEqual([
    ['retryNow', { target: 'relay' }],
    ['retryNow', { target: 'ci-runner' }],
    ['probeOllama', {}],
  ])
})

test('the one control connects, disconnects, and says when that fails', async () => {
  const api = makeDashboardApi(disconnectedState(), now())
  api.answer('connect', () => api.publish(makeBusyState(now())))
  api.answer('disconnect', () => {
    throw new Error('a bug of the bridge')
  })
  const { page } = await pages.open(api)
  await page.getByRole('heading', { name: 'Disconnected', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('alert').getByText('That did not work').waitFor()
  expect(await page.getByRole('alert').getByText('Something unexpected happened.').count()).toBe(1)
})

test('everything can be reached and worked with the keyboard alone', async () => {
  const api = busyApi()
  const { page } = await pages.open(api)
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  await page.getByRole('heading', { name: 'Where it went' }).waitFor()
  const missing = new Set([
    'Skip to content',
    'Disconnect',
    'Switch builder off',
    'Check again',
    'Settings',
    'Models (3)',
  ])
  for (let presses = 0; presses < 60 && missing.size > 0; presses += 1) {
    await page.keyboard.press('Tab')
    missing.delete(
      await page.evaluate('document.activeElement.ariaLabel || document.activeElement.innerText'),
    )
  }
  expect([...missing]).toEqual([])
  await page.getByRole('button', { name: 'Switch builder off' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('radio', { name: 'Models' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('group', { name: 'Clients', exact: true }).waitFor()
  expect(api.calls).toContainEqual(['setClientEnabled', { name: 'builder', enabled: false }])
})

test('usage shows the allowance with its pace, and every number with source and age', async () => {
  const api = busyApi()
  const usageNow = makeUsage({ now: Date.now() })
  const models = usageNow.models.map((row) => (row.model === 'gpt-5.5' ? { ...row, price: null } : row))
  api.answer('relayUsage', () => ({ ...usageNow, models }))
  const { page } = await pages.open(api)
  const usage = page.getByRole('region', { name: /^Usage: / })
  const allowance = usage.getByRole('region', { name: 'Allowance' })
  await allowance.getByText('812 of 1,500 premium requests used').waitFor()
  expect(await allowance.getByText('46 % left').count()).toBe(1)
  expect(await allowance.getByText(/Copilot response header, \d+ s ago/).count()).toBe(1)
  expect(await allowance.getByText('Unlimited').count()).toBe(2)
  expect(await allowance.getByRole('meter').count()).toBe(1)
  expect(await usage.getByRole('row', { name: /claude-opus-4.7 copilot 7.5× 1,500 \/ 7,500/ }).count()).toBe(
    1,
  )
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
  expect(await usage.getByRole('row', { name: /gpt-5.5 copilot 1× unknown/ }).count()).toBe(1)
  expect(await usage.getByText('plus 3 requests not measured').count()).toBe(1)
  await usage.getByText('As a table').click()
  expect(
    await usage.getByRole('group', { name: 'Per day: Requests' }).getByRole('row').count(),
  ).toBeGreaterThan(1)
  await usage.locator('label', { hasText: 'Limits' }).click()
  expect(await usage.getByRole('row', { name: /builder Premium requests .* Nearly used up/ }).count()).toBe(1)
})

test('a relay of the first version tells little, and what it does not tell is unknown and not zero', async () => {
  const api = busyApi()
  api.answer('relayUsage', () => ({ requests: 7, premium_requests_used: 2, authenticated: true, uptime: 99 }))
  const { page } = await pages.open(api)
  const usage = page.getByRole('region', { name: 'Usage: Since the relay started' })
  await usage.waitFor()
  expect(await usage.getByRole('listitem').filter({ hasText: 'Requests' }).first().innerText()).toContain('7')
  expect(await usage.getByRole('listitem').filter({ hasText: 'Input tokens' }).innerText()).toContain(
    'unknown',
  )
})

test('old numbers stay when asking again fails, and say that they are old', async () => {
  const api = busyApi()
  const { page } = await pages.open(api, { before: (opened) => opened.clock.install() })
  await page.getByText('812 of 1,500 premium requests used').waitFor()
  api.answer('relayUsage', () => 'no usage')
  await page.clock.fastForward(30_000)
  await page.getByText('These numbers are old: asking again failed').waitFor()
  expect(await page.getByText('812 of 1,500 premium requests used').count()).toBe(1)
  expect(await page.locator('.card-body.stale', { hasText: 'These numbers are old' }).count()).toBe(1)
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
  expect(await page.getByText('No clients yet').count()).toBe(1)
  expect(await page.getByRole('link', { name: 'Add a client' }).getAttribute('href')).toBe('#/first-run')
  expect(await page.getByText('No Ollama is set up in this profile.').count()).toBe(1)
})

test('a relay that is built in is not called Relay twice', async () => {
  const { relay } = makeBusyState(now())
  const { page } = await pages.open(busyApi({ relay: { ...relay, kind: 'embedded', place: 'embedded' } }))
  const path = page.getByRole('region', { name: 'The path' })
  await path.getByRole('heading', { name: 'Built in', exact: true }).waitFor()
  expect(await path.getByText('On this computer', { exact: true }).count()).toBe(1)
  expect(await path.getByText('Relay', { exact: true }).count()).toBe(1)
})

test('an account billed by credits has an odd number of sums, and no cell that looks like one more', async () => {
  const api = busyApi()
  api.answer('relayUsage', () => makeUsage({ now: now() }, { premiumRequestsApply: false }))
  const { page } = await pages.open(api, { width: 360 })
  await page.locator('.sum').first().waitFor()
  expect(await page.locator('.sum').count()).toBe(5)
  expect(await page.evaluate("getComputedStyle(document.querySelector('.sums')).backgroundColor")).toBe(
    'rgba(0, 0, 0, 0)',
  )
})

test('a relay at an address is not said to be reached over HTTPS when it is not', async () => {
  const { relay } = makeBusyState(now())
  const api = busyApi({ relay: { ...relay, kind: 'url', place: 'http://10.0.0.5:8080' } })
  const { page } = await pages.open(api)
  await page.getByText('Over HTTP, not encrypted').waitFor()
  api.publish({ relay: { ...relay, kind: 'url', place: 'https://relay.example.org' } })
  await page.getByText('Over HTTPS').waitFor()
})

test('a relay that is signed in nowhere offers the way to sign in', async () => {
  const busy = makeBusyState(now())
  const upstreams = [{ name: 'copilot', signedIn: false }]
  const health = { kind: 'ok', at: now(), version: '0.1.0', roundTripMs: 3, upstreams } as const
  const { page } = await pages.open(busyApi({ relay: { ...busy.relay, health } }))
  await page.getByRole('heading', { name: 'The relay is not signed in' }).waitFor()
  const link = page.getByRole('region', { name: 'What is wrong now' }).getByRole('link', { name: 'Sign in' })
  expect(await link.getAttribute('href')).toBe('#/sign-in')
})

test('a bridge that goes away is told, what was known stays and says so, and it is found again', async () => {
  const api = busyApi()
  const { page, server } = await pages.open(api)
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  server.accept(false)
  server.cut()
  await page.getByRole('alert').getByText('The bridge does not answer').waitFor()
  await page.getByRole('alert').getByText('open the link that it prints').waitFor()
  expect(await page.getByRole('heading', { name: 'builder', exact: true }).count()).toBe(1)
  await page.getByRole('heading', { name: 'Last known: connected', exact: true }).waitFor()
  expect(await page.getByRole('button', { name: 'Disconnect' }).isDisabled()).toBe(true)
  expect(await page.getByText('Out of date').count()).toBeGreaterThan(0)
  expect(await seriousFindings(page)).toEqual([])
  server.accept(true)
  await page.getByRole('alert').waitFor({ state: 'detached' })
  api.publish({ wanted: 'disconnected' })
  await page.getByRole('heading', { name: 'Disconnected', exact: true }).waitFor()
})

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
  expect(await page.title()).toBe('Dashboard · Sovereign Bridge')
  expect(await page.locator('img, main script').count()).toBe(0)
  const text = await page.evaluate('document.body.innerText')
  expect(text).toContain('<img src=x')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
  expect(text).not.toMatch(/[\u0000-\u0008\u202A-\u202E\u2066-\u2069]/)
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
  expect(complaints).toEqual([])
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
  expect(await table.getByRole('row').count()).toBe(11)
  await page.getByRole('searchbox', { name: 'Filter: Models' }).fill('model-9876')
  await table.getByRole('row', { name: /model-9876/ }).waitFor()
  await soon(() => table.getByRole('row').count()).toBe(2)
  await page.getByRole('searchbox', { name: 'Filter: Models' }).fill('')
  await page.getByRole('button', { name: 'Show 100 more' }).click()
  await soon(() => table.getByRole('row').count()).toBe(111)
})

test('hundreds of clients leave the diagram readable until one asks for all', async () => {
  const clients = Array.from({ length: 300 }, (_, index) => makeClientState({ name: `client-${index}` }))
  const { page } = await pages.open(busyApi({ clients }))
  const list = page.getByRole('list', { name: 'Clients' })
  await list.waitFor()
  expect(await list.getByRole('heading').count()).toBe(4)
  await page.getByRole('button', { name: 'Show 296 more' }).click()
  await soon(() => list.getByRole('heading').count()).toBe(300)
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
    expect(await filter.inputValue()).toBe('model-4')
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

const LOOKS = [
  ['light', 1200, false],
  ['dark', 1200, true],
  ['light', 360, false],
] as const

test.each(LOOKS)(
  'axe finds nothing serious in %s, %d px wide, well or broken',
  async (_look, width, isDark) => {
    for (const state of [makeBusyState(now()), troubledState(), disconnectedState()]) {
      const { page } = await pages.open(makeDashboardApi(state, now()), { width, isDark })
      await page.getByRole('region', { name: 'The path' }).waitFor()
      if (state.wanted === 'connected') await page.getByRole('region', { name: /^Usage/ }).waitFor()
      expect(await seriousFindings(page)).toEqual([])
      await pages.closePages()
    }
  },
)

test('at 360 px every column of a long table is in sight, with its name', async () => {
  const { page } = await pages.open(busyApi(), { width: 360, height: 700 })
  for (const [name, words] of [
    ['Models', ['claude-opus-4.7', 'Multiplier', '7.5×', 'Requests']],
    ['Recent requests', ['claude-sonnet-4.6', 'Outcome', 'Completed', 'Cost']],
  ] as const) {
    const table = page.getByRole('group', { name, exact: true })
    await table.waitFor()
    expect(await table.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0)
    for (const word of words) await table.locator('tbody').getByText(word, { exact: true }).first().waitFor()
  }
  expect(await seriousFindings(page)).toEqual([])
})

test('at 360 px, and with text of twice the size, nothing has to be scrolled sideways', async () => {
  for (const [state, size] of [
    [makeBusyState(now()), '100%'],
    [troubledState(), '100%'],
    [makeBusyState(now()), '200%'],
    [troubledState(), '200%'],
  ] as const) {
    const { page } = await pages.open(makeDashboardApi(state, now()), {
      width: 360,
      height: 700,
    })
    await page.getByRole('region', { name: 'The path' }).waitFor()
    await page.evaluate(`document.documentElement.style.fontSize = '${size}'`)
    await page.getByRole('region', { name: /^Usage/ }).waitFor()
    expect(
      await page.evaluate('document.documentElement.scrollWidth - innerWidth'),
      `${state.wanted} ${size}`,
    ).toBe(0)
    await pages.closePages()
  }
})
