import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { isFailing, isHealthy, isProven, startBridge, type TestBridge } from '../../support/start-bridge.ts'
import { OPENROUTER_KEY, startTestRelay, type TestRelay } from '../../support/start-relay.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

let relayHost: Sshd
let vm: Sshd
let relay: TestRelay

beforeAll(async () => {
  relayHost = await startSshd()
  vm = await startSshd()
  relay = await startTestRelay()
})
afterAll(async () => {
  await vm.close()
  await relayHost.close()
  await relay.close()
})

async function startOverSsh(
  profile: Readonly<Record<string, unknown>> = {},
): Promise<TestBridge & { port: number }> {
  const port = await freePort()
  const started = await startBridge({
    teardown: onTestFinished,
    hosts: { vm, pi: relayHost },
    profile: {
      relay: { ssh: 'pi', port: relay.port, adminSocket: relay.relay.adminSocketPath },
      clients: [{ name: 'vm', ssh: 'vm', listen: `127.0.0.1:${port}` }],
      ...profile,
    },
  })
  return { ...started, port }
}

async function getJson(port: number, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: response.status, body: await response.json() }
}

/** Whether nobody listens on the port any more. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

describe('with the relay on an SSH host', () => {
  test('a client is connected once a request has crossed the whole path', async () => {
    const { bridge, state, port } = await startOverSsh()
    await bridge.connect()
    const { clients } = await state(isProven, 'proven path')
    expect(clients[0]).toMatchObject({
      link: { phase: 'connected' },
      listener: { phase: 'listening' },
      path: { kind: 'proven' },
    })
    expect(await getJson(port, '/health')).toMatchObject({ status: 200, body: { relay: 'sovereign-bridge' } })
  })

  test('a client that is called by a wrong name is answered with the right ones', async () => {
    const { bridge } = await startOverSsh()
    await bridge.connect()
    for (const asked of [
      bridge.api.retryNow({ target: 'vn' }),
      bridge.api.useOtherPort({ target: 'vn', port: 9999 }),
    ])
      await expect(asked).rejects.toMatchObject({ code: 'api.not-found', remedy: 'It has "vm".' })
  })

  test('disconnecting leaves nothing listening, here or there, and connecting again works', async () => {
    const { bridge, state, port, agentPort } = await startOverSsh()
    await bridge.connect()
    await state(isProven, 'proven path')
    await bridge.disconnect(0)
    expect(bridge.state).toMatchObject({ wanted: 'disconnected', agent: { phase: 'off' } })
    expect(await isFree(agentPort)).toBe(true)
    await expect.poll(() => isFree(port), { timeout: 10_000 }).toBe(true)
    await bridge.connect()
    await state(isProven, 'proven path after connecting again')
  })

  test('the port on this computer reaches the relay as well', async () => {
    const { bridge, state, agentPort } = await startOverSsh()
    await bridge.connect()
    await state(isHealthy, 'relay health')
    expect(await getJson(agentPort, '/health')).toMatchObject({ status: 200 })
  })

  test('traffic is counted from real bytes', async () => {
    const { bridge, state, port } = await startOverSsh()
    await bridge.connect()
    await state(isProven, 'proven path')
    await getJson(port, '/v1/models')
    const { clients } = await state(
      ({ clients: [client] }) => (client?.traffic.bytesToClient ?? 0) > 1000,
      'counted bytes',
    )
    expect(clients[0]?.traffic.bytesFromClient).toBeGreaterThan(100)
    expect(clients[0]?.traffic.totalChannels).toBeGreaterThanOrEqual(2)
  })

  test('the owner signs in through the admin socket over SSH', async () => {
    const { bridge, state } = await startOverSsh()
    await bridge.connect()
    await state(isHealthy, 'relay health')
    expect(await bridge.api.relaySignInStatus({})).toMatchObject({ authenticated: true })
    const flow = await bridge.api.startSignIn({})
    expect(flow.user_code).toMatch(/^\w{4}-\w{4}$/)
    expect(await bridge.api.pollSignIn({ flowId: flow.flow_id })).toMatchObject({ status: 'pending' })
    expect(await bridge.api.relayUsage({})).toBeTypeOf('object')
  })

  test('switching a client off closes its tunnel only', async () => {
    const { bridge, state, port, agentPort } = await startOverSsh()
    await bridge.connect()
    await state(isProven, 'proven path')
    await bridge.api.setClientEnabled({ name: 'vm', enabled: false })
    expect(bridge.state.clients[0]).toMatchObject({ enabled: false, link: { phase: 'idle' } })
    await expect.poll(() => isFree(port), { timeout: 10_000 }).toBe(true)
    expect(await getJson(agentPort, '/health')).toMatchObject({ status: 200 })
    await bridge.api.setClientEnabled({ name: 'vm', enabled: true })
    await state(isProven, 'proven path after switching on again')
  })

  test('a port that is taken on the client is named, and the offered one works', async () => {
    const blocker = createServer()
    const taken = await freePort()
    await new Promise<void>((resolve) => blocker.listen(taken, '127.0.0.1', resolve))
    onTestFinished(() => void blocker.close())
    const { bridge, state } = await startOverSsh({
      clients: [{ name: 'vm', ssh: 'vm', listen: `127.0.0.1:${taken}` }],
    })
    await bridge.connect()
    const { clients } = await state(
      ({ clients: [client] }) => client?.listener.phase === 'failed',
      'refused port',
    )
    const listener = clients[0]?.listener
    if (listener?.phase !== 'failed') throw new Error('The listener has not failed.')
    expect(listener.cause.code).toBe('ssh.remote-port-taken')
    expect(listener.cause.message).toContain(String(process.pid))
    const otherPort = listener.otherPort ?? 0
    await bridge.api.useOtherPort({ target: 'vm', port: otherPort })
    await state(isProven, 'proven path on the other port')
    expect(await getJson(otherPort, '/health')).toMatchObject({ status: 200 })
  })

  test('a relay that is down is said in words, at the client too', async () => {
    const nobody = await freePort()
    const { bridge, state, port } = await startOverSsh({ relay: { ssh: 'pi', port: nobody } })
    await bridge.connect()
    const { relay: shown } = await state(isFailing, 'failing health')
    expect(shown.health).toMatchObject({ cause: { code: 'relay.unreachable' } })
    await state(({ clients: [client] }) => client?.path.kind === 'broken', 'broken path')
    const { status, body } = await getJson(port, '/v1/models')
    expect(status).toBe(503)
    expect(body).toMatchObject({
      error: { code: 'relay.unreachable', message: expect.stringContaining(String(nobody)) },
    })
  })

  test('a request that falls into a cut of the relay link is answered late, not refused', async () => {
    const { bridge, state, port } = await startOverSsh()
    await bridge.connect()
    await state(isProven, 'proven path')
    await relayHost.stop()
    await state(({ relay: { link } }) => link.phase !== 'connected', 'lost relay link')
    const answer = getJson(port, '/health')
    await relayHost.start()
    expect(await answer).toMatchObject({ status: 200 })
  })

  test('a question is answered through the API and asked only once', async () => {
    const port = await freePort()
    const { bridge, state } = await startBridge({
      teardown: onTestFinished,
      hosts: { vm },
      forgetHosts: true,
      profile: {
        relay: { url: relay.url },
        clients: [{ name: 'vm', ssh: 'vm', listen: `127.0.0.1:${port}` }],
      },
    })
    await bridge.connect()
    const { prompts, clients } = await state(({ prompts: open }) => open.length > 0, 'question')
    expect(clients[0]?.link).toMatchObject({ phase: 'connecting', step: 'waiting-for-you' })
    const [prompt] = prompts
    expect(prompt).toMatchObject({ kind: 'host-key', keyType: 'ssh-ed25519' })
    await bridge.api.answerPrompt({ id: prompt?.id ?? '', answer: { kind: 'host-key', accept: true } })
    await state(isProven, 'proven path')
    await bridge.disconnect(0)
    await bridge.connect()
    await state(isProven, 'proven path without a question')
  })
})

describe('with the embedded relay', () => {
  test('it comes up with no configuration, signed out, and answers on this computer', async () => {
    const { bridge, state, agentPort } = await startBridge({ teardown: onTestFinished, profile: {} })
    await bridge.connect()
    const { relay: shown } = await state(isHealthy, 'relay health')
    expect(shown).toMatchObject({ kind: 'embedded', link: { phase: 'connected' } })
    const { status, body } = await getJson(agentPort, '/v1/models')
    expect(status).toBe(401)
    expect(body).toMatchObject({ error: { code: 'relay.signed-out' } })
  })

  test('the owner signs in to it, and a client machine uses it', async () => {
    const port = await freePort()
    const { github, openrouter } = relay
    const { bridge, state } = await startBridge({
      teardown: onTestFinished,
      hosts: { vm },
      env: {
        GITHUB_BASE_URL: github.url,
        GITHUB_API_BASE_URL: github.url,
        OPENROUTER_BASE_URL: openrouter.url,
      },
      profile: { clients: [{ name: 'vm', ssh: 'vm', listen: `127.0.0.1:${port}` }] },
    })
    await bridge.connect()
    await state(isProven, 'proven path')
    const flow = await bridge.api.startSignIn({ identity: 'vscode' })
    github.answerDevice('approved')
    await expect
      .poll(async () => (await bridge.api.pollSignIn({ flowId: flow.flow_id })).status, {
        timeout: 25_000,
        interval: 500,
      })
      .toBe('success')
    await state(
      ({ relay: { health } }) =>
        health.kind === 'ok' && health.upstreams.some(({ name, signedIn }) => name === 'copilot' && signedIn),
      'signed-in health',
    )
    const { status, body } = await getJson(port, '/v1/models')
    expect(status).toBe(200)
    expect(body).toMatchObject({ object: 'list' })
    await bridge.api.signOut({})
    expect(await bridge.api.relaySignInStatus({})).toMatchObject({ authenticated: false })
    await bridge.api.giveCredential({ kind: 'openrouter-key', secret: OPENROUTER_KEY })
    expect(await bridge.api.relaySignInStatus({})).toMatchObject({ openrouter: { authenticated: true } })
    await bridge.api.signOut({ upstream: 'openrouter' })
    expect(await bridge.api.relaySignInStatus({})).toMatchObject({ openrouter: { authenticated: false } })
  })
})

describe('with the relay at a URL', () => {
  test('requests reach it and nobody gets admin rights', async () => {
    const { bridge, state, agentPort } = await startBridge({
      teardown: onTestFinished,
      profile: { relay: { url: relay.url } },
    })
    await bridge.connect()
    await state(isHealthy, 'relay health')
    expect(await getJson(agentPort, '/health')).toMatchObject({ status: 200 })
    await expect(bridge.api.startSignIn({})).rejects.toMatchObject({ code: 'relay.admin-only' })
  })

  test('another server in its place is told apart', async () => {
    const { bridge, state } = await startBridge({
      teardown: onTestFinished,
      profile: { relay: { url: relay.github.url } },
    })
    await bridge.connect()
    const { relay: shown } = await state(isFailing, 'failing health')
    expect(shown.health).toMatchObject({ cause: { code: 'relay.not-a-relay' } })
  })
})

test('calls that need a connection say so while there is none', async () => {
  const { bridge } = await startBridge({ teardown: onTestFinished, profile: {} })
  await expect(bridge.api.relaySignInStatus({})).rejects.toMatchObject({ code: 'bridge.disconnected' })
  await expect(bridge.api.retryNow({})).rejects.toMatchObject({ code: 'bridge.disconnected' })
})
