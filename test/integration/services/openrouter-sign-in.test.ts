import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { isHealthy, startBridge, type TestBridge } from '../../support/start-bridge.ts'
import { startOtherRelay } from '../../support/start-other-relay.ts'
import { startOwnRelay } from '../../support/start-own-relay.ts'
import { OPENROUTER_KEY, type TestRelay } from '../../support/start-relay.ts'
import { startSshd } from '../../support/start-sshd.ts'

async function start(): Promise<{ relay: TestRelay; started: TestBridge }> {
  const relay = await startOwnRelay({ signedIn: false })
  const pi = await startSshd({ teardown: onTestFinished })
  const started = await startBridge({
    teardown: onTestFinished,
    hosts: { pi },
    profile: { relay: { ssh: 'pi', port: relay.port, adminSocket: relay.relay.adminSocketPath } },
  })
  await started.bridge.connect()
  await started.state(isHealthy, 'health')
  return { relay, started }
}

test('agreeing in the browser signs the relay in, and the key never passes through the bridge', async () => {
  const { relay, started } = await start()
  const { bridge, state } = started
  const { url } = await bridge.api.startOpenrouterSignIn({})
  expect(new URL(url).origin).toBe(relay.openrouter.url)
  const back = await fetch(relay.openrouter.agree(url))
  expect([back.status, await back.text()]).toMatchObject([200, expect.stringContaining('Signed in')])
  expect(await relay.readConfig()).toMatchObject({ openrouter_api_key: OPENROUTER_KEY })
  expect(await bridge.api.relaySignInStatus({})).toMatchObject({ openrouter: { authenticated: true } })
  await state(
    ({ relay: { health } }) =>
      health.kind === 'ok' &&
      health.upstreams.some(({ name, signedIn }) => name === 'openrouter' && signedIn),
    'sign-in in the state',
  )
  const [asked] = relay.openrouter.requests
  expect(asked?.json).toMatchObject({ code_verifier: expect.stringMatching(/^[\w-]{43}$/) as string })
  expect(relay.logged()).not.toContain(String(asked?.json?.code_verifier))
  expect(relay.logged()).not.toContain(OPENROUTER_KEY)
})

test('a code that OpenRouter does not take is worded in the browser, and the address is good once', async () => {
  const { started } = await start()
  const { url } = await started.bridge.api.startOpenrouterSignIn({})
  const callback = new URL(new URL(url).searchParams.get('callback_url') ?? '')
  const wrongPath = await fetch(new URL('/openrouter/guess?code=x', callback))
  expect(wrongPath.status).toBe(404)
  const without = await fetch(callback)
  expect([without.status, await without.text()]).toMatchObject([400, expect.stringContaining('no code')])
  callback.searchParams.set('code', '<b>wrong')
  const refused = await fetch(callback)
  expect(refused.status).toBe(502)
  expect(await refused.text()).toContain(
    'OpenRouter gave no key (status 403): Invalid code or code_verifier. Start a new sign-in',
  )
  await expect(fetch(callback)).rejects.toThrow()
})

test('whoever waits for the key is told that it has come, or why not', async () => {
  const { relay, started } = await start()
  const { api } = started.bridge
  expect(await api.openrouterSignIn({})).toEqual({ kind: 'none' })
  const { url } = await api.startOpenrouterSignIn({})
  expect(await api.openrouterSignIn({})).toEqual({ kind: 'waiting', url })
  const callback = new URL(new URL(url).searchParams.get('callback_url') ?? '')
  callback.searchParams.set('code', 'wrong')
  await fetch(callback)
  await expect(api.openrouterSignIn({})).rejects.toMatchObject({
    code: 'relay.openrouter-refused',
    message: expect.stringContaining('Invalid code') as string,
  })
  const again = await api.startOpenrouterSignIn({})
  expect(await api.openrouterSignIn({})).toEqual({ kind: 'waiting', url: again.url })
  await fetch(relay.openrouter.agree(again.url))
  expect(await api.openrouterSignIn({})).toEqual({ kind: 'done' })
})

test('somebody who says no at OpenRouter ends it, in harmless words', async () => {
  const { started } = await start()
  const { api } = started.bridge
  const { url } = await api.startOpenrouterSignIn({})
  const callback = new URL(new URL(url).searchParams.get('callback_url') ?? '')
  callback.searchParams.set('error', 'access_denied<script>')
  expect((await fetch(callback)).status).toBe(502)
  await expect(api.openrouterSignIn({})).rejects.toMatchObject({
    code: 'relay.openrouter-refused',
    message: 'OpenRouter gave no key (access_denied script ).',
  })
  await expect(fetch(callback)).rejects.toThrow()
})

test.each([
  ['that nobody agrees to', 0.2, 'Nobody has agreed at OpenRouter within 0 s.'],
  ['of a relay that has forever', 1e12, undefined],
])('a sign-in %s ends when its time is over', async (_, expires_in, message) => {
  const relay = await startOtherRelay({
    signedIn: false,
    rewrite: (path, answer) => (path === '/auth/openrouter/start' ? { ...answer, expires_in } : answer),
  })
  onTestFinished(() => relay.close())
  const dir = await makeTempDir('admin-')
  const adminTokenFile = join(dir, 'admin.token')
  await writeFile(adminTokenFile, 'sba_of_the_owner', { mode: 0o600 })
  const { bridge } = await startBridge({
    teardown: onTestFinished,
    profile: { relay: { url: relay.url, adminTokenFile } },
  })
  await bridge.connect()
  const { url } = await bridge.api.startOpenrouterSignIn({})
  const callback = new URL(url).searchParams.get('callback_url') ?? ''
  if (message === undefined) {
    expect((await fetch(callback)).status).toBe(400)
    expect(await bridge.api.openrouterSignIn({})).toEqual({ kind: 'waiting', url })
    return
  }
  await expect.poll(() => bridge.api.openrouterSignIn({}).catch(({ message: said }) => said)).toBe(message)
  await expect(fetch(callback)).rejects.toThrow()
})

test('a sign-in that is stopped takes no key any more', async () => {
  const { relay, started } = await start()
  const { api } = started.bridge
  const { url } = await api.startOpenrouterSignIn({})
  await api.stopOpenrouterSignIn({})
  expect(await api.openrouterSignIn({})).toEqual({ kind: 'none' })
  await expect(fetch(relay.openrouter.agree(url))).rejects.toThrow()
  expect(await api.relaySignInStatus({})).toMatchObject({ openrouter: { authenticated: false } })
})

test('a second sign-in takes the place of the first', async () => {
  const { relay, started } = await start()
  const first = await started.bridge.api.startOpenrouterSignIn({})
  const second = await started.bridge.api.startOpenrouterSignIn({})
  await expect(fetch(relay.openrouter.agree(first.url))).rejects.toThrow()
  expect((await fetch(relay.openrouter.agree(second.url))).status).toBe(200)
})

test('a callback elsewhere than on this computer is refused by the relay', async () => {
  const { relay } = await start()
  const asking = request({
    socketPath: relay.relay.adminSocketPath,
    method: 'POST',
    path: '/auth/openrouter/start',
    headers: { host: 'localhost', 'content-type': 'application/json' },
  })
  asking.end(JSON.stringify({ callback_url: 'https://evil.example/' }))
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  response.resume()
  expect(response.statusCode).toBe(400)
})

test('without a connection to a relay there is nothing to sign in', async () => {
  const { bridge } = await startBridge({ teardown: onTestFinished, profile: {} })
  await expect(bridge.api.startOpenrouterSignIn({})).rejects.toMatchObject({ code: 'bridge.disconnected' })
})
