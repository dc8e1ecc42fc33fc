import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { connectBridge } from '../../src/main/api/api-client.ts'
import { startApiServer } from '../../src/main/api/api-server.ts'
import { createLogger } from '../../src/node/log.ts'
import { BRIDGE_CALLS, type CallName } from '../../src/shared/bridge-api/calls.ts'
import { type BridgeConnection, connectApi } from '../../src/shared/bridge-api/connect-api.ts'
import { serveApi } from '../../src/shared/bridge-api/serve-api.ts'
import { watchState } from '../../src/shared/bridge-api/watch-state.ts'
import { AppError } from '../../src/shared/errors/app-error.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../support/fake-bridge-api.ts'
import { memoryPorts } from '../support/memory-port.ts'

interface Served extends AsyncDisposable {
  readonly bridge: FakeBridgeApi
  readonly face: BridgeConnection
  /** The bridge goes away. */
  stop(): Promise<void>
}

async function overMemory(): Promise<Served> {
  const bridge = fakeBridgeApi()
  const [near, far] = memoryPorts()
  serveApi(bridge, near)
  const stop = async (): Promise<void> => near.close()
  return { bridge, face: connectApi(far), stop, [Symbol.asyncDispose]: stop }
}

async function overWebSocket(): Promise<Served> {
  const bridge = fakeBridgeApi()
  const runtimeDir = await mkdtemp(join(tmpdir(), 'bridge-api-'))
  const server = await startApiServer({ api: bridge, runtimeDir, log: createLogger('test', 'silent') })
  const face = await connectBridge({ infoFile: server.infoFile })
  const stop = async (): Promise<void> => {
    await server.close()
    await rm(runtimeDir, { recursive: true, force: true })
  }
  return { bridge, face, stop, [Symbol.asyncDispose]: stop }
}

const ARGS: { readonly [Name in CallName]: unknown } = {
  getState: {},
  connect: {},
  disconnect: {},
  retryNow: { target: 'relay' },
  probe: {},
  answerPrompt: { id: 'p1', answer: { kind: 'password', password: 'swordfish' } },
  setClientEnabled: { name: 'builder', enabled: false },
  setRelayEnabled: { enabled: false },
  setTunnelAwake: { awake: true },
  useOtherPort: { target: 'agent', port: 8081 },
  getSettings: {},
  relaySignInStatus: {},
  startSignIn: { identity: 'own' },
  pollSignIn: { flowId: 'flow-1' },
  stopSignIn: { flowId: 'flow-1' },
  signOut: {},
  giveCredential: { kind: 'openrouter-key', secret: 'sk-or-1' },
  relayUsage: {},
  getSettingsFile: {},
  checkSettings: { text: '{' },
  saveSettings: { text: '{}' },
  listSshHosts: {},
  startJob: { order: { kind: 'test-relay', ssh: 'pi', port: 8080 } },
  cancelJob: { id: 'job-1' },
  forgetJob: { id: 'job-1' },
  recentRequests: {},
  startOpenrouterSignIn: {},
  openrouterSignIn: {},
  stopOpenrouterSignIn: {},
  probeOllama: {},
  lookAtVpn: {},
  setVpn: { to: 'up' },
  runChecks: {},
  makeReport: {},
  setStartAtLogin: { enabled: true },
  openPage: { url: 'https://github.com/login/device' },
  openSettingsFile: {},
  openLogFolder: {},
  checkForUpdate: {},
  installUpdate: {},
  quit: {},
}

describe.each([
  ['memory', overMemory],
  ['a WebSocket', overWebSocket],
] as const)('the bridge API over %s', (_name, serve) => {
  test.each(Object.keys(BRIDGE_CALLS) as CallName[])(
    '%s takes its arguments to the bridge and brings its result back',
    async (name) => {
      await using served = await serve()
      const call = served.face[name] as (args: unknown) => Promise<unknown>
      const result = await call(ARGS[name])
      expect(served.bridge.calls).toEqual([[name, ARGS[name]]])
      const direct = served.bridge[name] as (args: unknown) => Promise<unknown>
      expect(result).toEqual(await direct(ARGS[name]))
    },
  )

  test('an expected failure arrives as the same AppError, with its causes and without a stack of the bridge', async () => {
    await using served = await serve()
    served.bridge.answer('connect', () => {
      const cause = new AppError('ssh.connection-lost', 'The connection to pi was cut.')
      throw new AppError('ssh.jump-failed', 'The jump over pi failed.', { cause, remedy: 'Wake pi.' })
    })
    const error = await served.face.connect({}).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'AppError',
      code: 'ssh.jump-failed',
      message: 'The jump over pi failed.',
      recovery: 'automatic',
      remedy: 'Wake pi.',
      cause: { code: 'ssh.connection-lost', message: 'The connection to pi was cut.' },
    })
  })

  test('a bug of the bridge arrives as such and says nothing of its inside', async () => {
    await using served = await serve()
    served.bridge.answer('connect', () => {
      throw new TypeError('cannot read swordfish of /home/eve/secret.ts')
    })
    const error = await served.face.connect({}).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'internal.bug', message: 'Something unexpected happened.' })
    expect((error as AppError).cause).toBeUndefined()
  })

  test('arguments that do not fit are named by their path, not by their value, and never reach the bridge', async () => {
    await using served = await serve()
    const { answerPrompt } = served.face as unknown as { answerPrompt(args: unknown): Promise<void> }
    const args = { id: 'p1', answer: { kind: 'keyboard-interactive', answers: ['swordfish', 7] } }
    const error = await answerPrompt(args).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'api.invalid-arguments',
      message: 'answerPrompt: args.answer.answers.1: Invalid input: expected string, received number',
    })
    expect(served.bridge.calls).toEqual([])
  })

  test('what the list does not name is cut from a result', async () => {
    await using served = await serve()
    served.bridge.answer('relaySignInStatus', () => ({
      authenticated: true,
      message: 'Yes.',
      token: 'gho_1',
    }))
    expect(await served.face.relaySignInStatus({})).toEqual({ authenticated: true, message: 'Yes.' })
  })

  test('answers find their calls in whatever order they come', async () => {
    await using served = await serve()
    const first = Promise.withResolvers<string>()
    served.bridge.answer('relayUsage', () => first.promise)
    const slow = served.face.relayUsage({})
    expect(await served.face.startSignIn({})).toMatchObject({ flow_id: 'flow-1' })
    first.resolve('late')
    expect(await slow).toBe('late')
  })

  test('too many calls at once are refused one by one while the others go on', async () => {
    await using served = await serve()
    const gate = Promise.withResolvers<undefined>()
    served.bridge.answer('connect', () => gate.promise)
    const calls = Array.from({ length: 70 }, () => served.face.connect({}))
    await expect(calls[69]).rejects.toMatchObject({ code: 'api.busy', recovery: 'automatic' })
    gate.resolve(undefined)
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(64)
  })

  test('a face that watches misses no state between its snapshot and the first event', async () => {
    await using served = await serve()
    const snapshot = Promise.withResolvers<unknown>()
    served.bridge.answer('getState', () => snapshot.promise)
    const seen: number[] = []
    const watching = watchState(served.face, ({ revision }) => seen.push(revision))
    await vi.waitFor(() => expect(served.bridge.calls).toHaveLength(1))
    // The snapshot was taken before this change and arrives after it.
    const old = { ...served.bridge.publish(), revision: 1 }
    await vi.waitFor(() => expect(seen).toEqual([2]))
    snapshot.resolve(old)
    const off = await watching
    served.bridge.publish()
    await vi.waitFor(() => expect(seen).toEqual([2, 3]))
    off()
    served.bridge.publish()
    await served.face.probe({})
    expect(seen).toEqual([2, 3])
  })

  test('calls that wait are told when the bridge goes away, and later ones fail at once', async () => {
    await using served = await serve()
    served.bridge.answer('connect', () => new Promise(() => {}))
    const waiting = served.face.connect({}).catch((reason: unknown) => reason)
    await vi.waitFor(() => expect(served.bridge.calls).toHaveLength(1))
    await served.stop()
    expect(await waiting).toMatchObject({ code: 'bridge.connection-ended' })
    expect(await served.face.closed).toMatchObject({ code: 'bridge.connection-ended' })
    await expect(served.face.getState({})).rejects.toMatchObject({ code: 'bridge.connection-ended' })
  })

  test('a face that closes leaves nothing behind in the bridge', async () => {
    await using served = await serve()
    await served.face.probe({})
    expect(served.bridge.listenerCount).toBe(1)
    served.face.close()
    served.face.close()
    expect(await served.face.closed).toMatchObject({ code: 'bridge.connection-ended' })
    await vi.waitFor(() => expect(served.bridge.listenerCount).toBe(0))
  })
})
