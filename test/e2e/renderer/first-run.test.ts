import { describe, expect, test } from 'vitest'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import type { Job, JobKind, JobStep, StepProgress } from '../../../src/shared/state/job.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { makeBridgeState, makeClientState, NOON } from '../../support/make-bridge-state.ts'
import { clipboardOf, seriousFindings } from '../../support/open-renderer.ts'
import { rendererPages } from './renderer-pages.ts'

const browser = rendererPages()

const HOSTS = [
  { alias: 'pi', host: 'pi.home.arpa', user: 'eve', port: 22, source: 'config:1' },
  { alias: 'builder', host: '10.0.0.7', user: 'eve', port: 2222, source: 'config:5' },
  { alias: '<b>evil</b>', host: 'x', port: 22, source: 'config:9' },
]

/** A computer without settings; saving makes them. */
function newBridge(initial: Parameters<typeof fakeBridgeApi>[0] = {}): FakeBridgeApi {
  const api = fakeBridgeApi(initial)
  let text = '{}\n'
  let revision = 0
  let existed = false
  api.answer('getSettingsFile', () => ({ path: 's.json', text, existed, revision: `r${revision}` }))
  api.answer('saveSettings', (change: { text: string }) => {
    text = change.text
    existed = true
    revision += 1
  })
  api.answer('listSshHosts', () => ({ hosts: HOSTS }))
  return api
}

function settledBridge(initial: Parameters<typeof fakeBridgeApi>[0] = {}): FakeBridgeApi {
  const api = fakeBridgeApi(initial)
  api.answer('listSshHosts', () => ({ hosts: HOSTS }))
  return api
}

const savedProfile = (api: FakeBridgeApi): unknown => {
  const [, args] = api.calls.findLast(([name]) => name === 'saveSettings') ?? []
  return (JSON.parse((args as { text: string }).text) as { profiles: unknown[] }).profiles[0]
}

const orders = (api: FakeBridgeApi): unknown[] =>
  api.calls.flatMap(([name, args]) => (name === 'startJob' ? [(args as { order: unknown }).order] : []))

const DONE: StepProgress = { phase: 'done', at: NOON, detail: 'OpenSSH 9.2' }

function step(id: string, progress: StepProgress): JobStep {
  return { id, title: `Step ${id}`, progress }
}

function makeJob(kind: JobKind, progress: Job['progress'], steps: readonly JobStep[]): Job {
  return { id: 'job-1', kind, subject: 'pi', startedAt: NOON, progress, steps }
}

const OVER = { phase: 'done', at: NOON } as const
const RELAY_FOUND = makeJob('test-relay', OVER, [step('connect', DONE), step('find-relay', DONE)])
const RELAY_MISSING = makeJob('test-relay', OVER, [
  step('connect', DONE),
  step('find-relay', { phase: 'skipped', reason: 'Nothing listens on port 8080 of pi.' }),
  step('can-install', DONE),
])

test('the set-up opens by itself where there are no settings, and can be put off', async () => {
  const { page } = await browser.open(newBridge())
  await page.getByRole('heading', { name: 'Set up Sovereign Bridge' }).waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('link', { name: 'Later' }).click()
  await page.getByRole('heading', { name: 'Set up Sovereign Bridge' }).waitFor({ state: 'detached' })
  await page.reload()
  await page.getByRole('link', { name: 'Dashboard' }).waitFor()
  expect(new URL(page.url()).hash).toBe('#/')
})

test('where there are settings the dashboard opens, and the set-up adds a machine', async () => {
  const { page } = await browser.open(settledBridge())
  await page.getByRole('link', { name: 'Dashboard' }).waitFor()
  await page.goto(`${page.url().split('#', 1)[0]}#/first-run`)
  await page.getByRole('heading', { name: 'Add a machine' }).waitFor()
  await expect.poll(() => page.getByRole('navigation', { name: 'Steps of the set-up' }).count()).toBe(0)
})

test('this computer becomes the relay with one click, and the sign-in follows', async () => {
  const api = newBridge()
  const { page } = await browser.open(api)
  await page.getByRole('button', { name: 'Use this computer' }).click()
  await page.getByRole('heading', { name: 'Sign in at the relay' }).waitFor()
  expect(savedProfile(api)).toMatchObject({ relay: { embedded: true } })
  expect(api.calls.some(([name]) => name === 'connect')).toBe(true)
  await page.getByRole('button', { name: 'Get a code' }).waitFor()
  expect(await seriousFindings(page)).toEqual([])
})

describe('a relay on a host', () => {
  test('is found among the hosts of the SSH config, tested, and used', async () => {
    const api = newBridge()
    const { page } = await browser.open(api)
    await page.getByRole('button', { name: 'Choose the host' }).click()
    await page.getByText('3 hosts').waitFor()
    await page.getByText('<b>evil</b>').waitFor()
    await page.getByLabel('Host', { exact: true }).fill('10.0')
    await page.getByText('1 of 3 hosts').waitFor()
    await page.getByRole('button', { name: /^builder/ }).click()
    api.answer('startJob', () => {
      api.publish({ jobs: [RELAY_FOUND] })
      return { id: 'job-1' }
    })
    await page.getByRole('button', { name: 'Test it' }).click()
    await page.getByText('A relay answers there').waitFor()
    expect(orders(api)).toEqual([{ kind: 'test-relay', ssh: 'builder', port: 8080 }])
    expect(await seriousFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Use this relay' }).click()
    await page.getByRole('heading', { name: 'Sign in at the relay' }).waitFor()
    expect(savedProfile(api)).toMatchObject({ relay: { ssh: 'builder', port: 8080 } })
  })

  test('is installed where there is none, step by step, and can be cancelled', async () => {
    const api = newBridge()
    api.answer('startJob', ({ order }: { order: { kind: JobKind } }) => {
      const running = makeJob('install-relay', { phase: 'running' }, [
        step('connect', DONE),
        step('copy', { phase: 'running', since: NOON, share: 0.4 }),
        step('service', { phase: 'waiting' }),
      ])
      api.publish({ jobs: [order.kind === 'install-relay' ? running : RELAY_MISSING] })
      return { id: 'job-1' }
    })
    const { page } = await browser.open(api)
    await page.getByRole('button', { name: 'Choose the host' }).click()
    await page.getByLabel('Host', { exact: true }).fill('eve@pi:2222')
    await page.keyboard.press('Enter')
    await page.getByText('Nothing listens on port 8080 of pi.').waitFor()
    await page.getByRole('button', { name: 'Install it there' }).click()
    await page.getByRole('progressbar', { name: 'Step copy' }).waitFor()
    expect(orders(api).at(-1)).toEqual({ kind: 'install-relay', ssh: 'eve@pi:2222', port: 8080 })
    expect(await seriousFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => api.calls.some(([name]) => name === 'cancelJob'), { timeout: 10_000 }).toBe(true)
    api.publish({
      jobs: [
        makeJob('install-relay', { phase: 'cancelled', at: NOON }, [
          step('copy', { phase: 'undone', at: NOON }),
        ]),
      ],
    })
    await page.getByText('Nothing is left behind.').waitFor()
    await page.getByText('undone', { exact: true }).waitFor()
  })

  test('that cannot be installed is told with the reason', async () => {
    const api = newBridge()
    const cause = {
      code: 'install.failed',
      message: 'systemctl could not start it.',
      recovery: 'user',
      remedy: 'Run the named command.',
    } as const
    const job = makeJob('install-relay', { phase: 'failed', at: NOON, cause }, [
      step('copy', { phase: 'undone', at: NOON }),
      step('service', { phase: 'failed', at: NOON, cause }),
    ])
    api.answer('startJob', () => {
      api.publish({ jobs: [job] })
      return { id: 'job-1' }
    })
    const { page } = await browser.open(api, { path: 'first-run', width: 360, isDark: true })
    await page.getByRole('button', { name: 'Choose the host' }).click()
    await page.getByRole('button', { name: /^pi/ }).click()
    await page.getByRole('button', { name: 'Test it' }).click()
    await page.getByRole('alert').getByText('The relay could not be installed').waitFor()
    await page.getByRole('alert').getByText('install.failed').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
    expect(isWide).toBe(false)
  })
})

test('a relay at an address is saved and asked', async () => {
  const api = newBridge()
  const { page } = await browser.open(api)
  await page.getByRole('button', { name: 'Enter the address' }).click()
  const address = page.getByLabel('Address of the relay')
  const use = page.getByRole('button', { name: 'Check and use it' })
  for (const wrong of ['10.0.0.5:8080', 'relay', 'ftp://a', 'http:/a']) {
    await address.fill(wrong)
    await page.getByText('This is no address').waitFor()
    await expect.poll(() => use.isDisabled()).toBe(true)
  }
  // Nobody has made a mistake who is not done yet.
  for (const begun of ['h', 'HTTPS:', 'http://']) {
    await address.fill(begun)
    await page.getByText('The address goes on').waitFor()
    await expect.poll(() => page.getByText('This is no address').count()).toBe(0)
    await expect.poll(() => use.isDisabled()).toBe(true)
  }
  await address.fill('http://10.0.0.5:8080/')
  await page.getByText('Without https').waitFor()
  await use.click()
  await page.getByText('Asking http://10.0.0.5:8080').waitFor()
  expect(savedProfile(api)).toMatchObject({ relay: { url: 'http://10.0.0.5:8080' } })
  const { relay } = makeBridgeState()
  api.publish({
    relay: {
      ...relay,
      kind: 'url',
      place: 'http://10.0.0.5:8080',
      health: { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 12, upstreams: [] },
    },
  })
  await page.getByText('The relay answers').waitFor()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('heading', { name: 'Sign in at the relay' }).waitFor()
})

test('files with tokens go with the address, and one that the relay refuses is told before the sign-in', async () => {
  const api = newBridge()
  api.answer('relaySignInStatus', () => {
    throw new AppError('relay.files-unusable', '~/admin.token cannot be read: ENOENT.')
  })
  const { page } = await browser.open(api)
  await page.getByRole('button', { name: 'Enter the address' }).click()
  await page.getByLabel('Address of the relay').fill('https://relay.example')
  await page.getByLabel('File with the admin token').fill(' ~/admin.token ')
  await page.getByLabel('File with a client token').fill('~/laptop.token')
  await page.getByRole('button', { name: 'Check and use it' }).click()
  await page.getByText('Asking https://relay.example').waitFor()
  const files = { adminTokenFile: '~/admin.token', tokenFile: '~/laptop.token' }
  expect(savedProfile(api)).toMatchObject({ relay: { url: 'https://relay.example', ...files } })
  const { relay } = makeBridgeState()
  api.publish({
    relay: {
      ...relay,
      kind: 'url',
      health: { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 12, upstreams: [] },
    },
  })
  await page.getByText('~/admin.token cannot be read').waitFor()
  await page.getByText('gives no admin rights').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await expect.poll(() => page.getByText('need its admin token').count()).toBe(0)

  // Whatever is changed has to be checked anew.
  await page.getByLabel('File with the admin token').fill('')
  await page.getByText('cannot be read').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Check and use it' }).click()
  await page.getByText('need its admin token').waitFor()
  expect(savedProfile(api)).not.toHaveProperty('relay.adminTokenFile')
})

test('a machine is tested, added, set up and tried', async () => {
  const api = settledBridge()
  const added = makeClientState({ name: 'builder' })
  api.answer('startJob', ({ order }: { order: { kind: JobKind } }) => {
    const steps = [step('connect', DONE), step('verify', DONE)]
    api.publish({ jobs: [makeJob(order.kind, OVER, steps)] })
    return { id: 'job-1' }
  })
  api.answer('saveSettings', () => void api.publish({ clients: [added] }))
  const { page } = await browser.open(api, { path: 'first-run' })
  await page.getByRole('button', { name: /^builder/ }).click()
  await expect.poll(() => page.getByLabel('Name').inputValue()).toBe('builder')
  await page.getByLabel('Port there').fill('9090')
  await page.getByRole('button', { name: 'Test it' }).click()
  await page.getByText('The machine can be used').waitFor()
  await page.getByRole('button', { name: 'Add and set up' }).click()
  await page.getByText('builder uses the relay now').waitFor()
  expect(savedProfile(api)).toMatchObject({
    clients: [{ name: 'builder', ssh: 'builder', listen: '127.0.0.1:9090', enabled: true }],
  })
  expect(orders(api)).toEqual([
    { kind: 'test-client', ssh: 'builder', listen: '127.0.0.1:9090' },
    { kind: 'set-up-client', name: 'builder' },
  ])
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Add another' }).click()
  await expect.poll(() => page.getByLabel('Host', { exact: true }).inputValue()).toBe('')
})

test('a name that is taken is refused before anything is done', async () => {
  const api = settledBridge({ clients: [makeClientState({ name: 'builder' })] })
  const { page } = await browser.open(api, { path: 'first-run' })
  await page.getByRole('button', { name: /^builder/ }).click()
  await page.getByText('There is a machine of this name already.').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Test it' }).isDisabled()).toBe(true)
})

test('the last page says what to type on each machine', async () => {
  const clients = [
    makeClientState({ name: 'builder', listen: { kind: 'tcp', host: '127.0.0.1', port: 9090 } }),
    makeClientState({ name: 'sandbox', listen: { kind: 'socket', path: '/run/my relay.sock' } }),
  ]
  const { page } = await browser.open(settledBridge({ clients }), { path: 'first-run' })
  await page.getByRole('button', { name: 'Finish' }).click()
  await page.getByRole('heading', { name: 'You are set up' }).waitFor()
  await page.getByText("curl --unix-socket '/run/my relay.sock' http://localhost/health").waitFor()
  await page.getByRole('button', { name: 'Copy command' }).first().click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  await expect.poll(() => clipboardOf(page)).toBe('curl -fsSL http://127.0.0.1:9090/setup | bash')
  expect(await seriousFindings(page)).toEqual([])
})

test('the last page does not call done what still lacks a sign-in, and leads there', async () => {
  const { relay } = makeBridgeState()
  const upstreams = [{ name: 'copilot', signedIn: false }]
  const health = { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 3, upstreams } as const
  const bridge = settledBridge({ clients: [makeClientState()], relay: { ...relay, health } })
  const { page } = await browser.open(bridge, { path: 'first-run' })
  await page.getByRole('button', { name: 'Finish' }).click()
  await page.getByRole('heading', { name: 'Almost there' }).waitFor()
  await page.getByText('The relay is not signed in yet').waitFor()
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

test('a step that was passed by without doing it is called skipped, and gets its tick once it is done', async () => {
  const api = newBridge()
  const { relay } = makeBridgeState()
  const withUpstream = (signedIn: boolean) => {
    const upstreams = [{ name: 'copilot', signedIn }]
    const health = { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 3, upstreams } as const
    api.publish({ relay: { ...relay, health } })
  }
  withUpstream(false)
  const { page } = await browser.open(api)
  await page.getByRole('button', { name: 'Use this computer' }).click()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Skip for now' }).click()
  const steps = page.getByRole('navigation', { name: 'Steps of the set-up' })
  await steps.getByRole('button', { name: 'Sign in (skipped)' }).waitFor()
  await expect.poll(() => steps.getByRole('button', { name: 'Relay (done)' }).count()).toBe(1)
  await expect.poll(() => steps.getByRole('button', { name: 'Machines (skipped)' }).count()).toBe(1)
  expect(await seriousFindings(page)).toEqual([])
  withUpstream(true)
  await steps.getByRole('button', { name: 'Sign in (done)' }).waitFor()
})

test('whoever loads the page anew goes on where they were', async () => {
  const api = newBridge()
  const { page } = await browser.open(api)
  await page.getByRole('button', { name: 'Use this computer' }).click()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByLabel('Host', { exact: true }).fill('eve@vm')
  await page.reload()
  await page.getByRole('heading', { name: 'Which machines may use it?' }).waitFor()
  await expect.poll(() => page.getByLabel('Host', { exact: true }).inputValue()).toBe('eve@vm')
})

test('settings with a mistake are not touched', async () => {
  const api = settledBridge()
  api.answer('getSettingsFile', () => ({
    path: 's.json',
    text: '{ "relay": 1 }',
    existed: true,
    revision: 'r',
  }))
  const { page } = await browser.open(api, { path: 'first-run' })
  await page.getByText('The settings file has a mistake').waitFor()
  await page.getByRole('link', { name: 'To the settings' }).waitFor()
})
