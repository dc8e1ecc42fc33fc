import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ApiServer, startApiServer } from '../../../src/main/api/api-server.ts'
import { DashboardDoor } from '../../../src/main/api/dashboard-door.ts'
import { REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { createLogger } from '../../../src/node/log.ts'
import { AppError, toFailure } from '../../../src/shared/errors/app-error.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { NOON } from '../../support/make-bridge-state.ts'
import { makeVpns } from '../../support/make-vpn.ts'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

let dir: string
let bridge: FakeBridgeApi
let server: ApiServer

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bridge-control-'))
  bridge = fakeBridgeApi()
  server = await startApiServer({
    api: bridge,
    runtimeDir: dir,
    log: createLogger('test', 'silent'),
    dashboard: { door: new DashboardDoor(REAL_AMBIENT), files: new Map() },
  })
})
afterEach(async () => {
  await server.close()
  await rm(dir, { recursive: true, force: true })
})

function startCommand(args: readonly string[]): ChildProcess {
  const env = { ...process.env, SOVEREIGN_RUNTIME_DIR: dir }
  return spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('The output is not piped.')
  const [[code], out, err] = await Promise.all([once(child, 'exit'), text(stdout), text(stderr)])
  return { code, out, err }
}

test.each([
  [['connect'], 'connect', {}],
  [['disconnect'], 'disconnect', {}],
  [['retry'], 'retryNow', {}],
  [['retry', 'builder'], 'retryNow', { target: 'builder' }],
] as const)('sovereign %j asks the running bridge for it and says nothing', async (args, name, expected) => {
  const outcome = await outcomeOf(startCommand(args))
  expect(outcome).toEqual({ code: 0, out: '', err: '' })
  expect(bridge.calls).toEqual([[name, expected]])
})

test.each([
  [['vpn', 'up'], 'setVpn', { to: 'up' }, 'The VPN home is up.\n'],
  [['vpn', 'down'], 'setVpn', { to: 'down' }, 'The VPN home is down.\n'],
  [['tunnel', 'wake'], 'setTunnelAwake', { awake: true }, 'The tunnel server is up.\n'],
  [['tunnel', 'sleep'], 'setTunnelAwake', { awake: false }, 'The tunnel server is let go of.\n'],
] as const)('sovereign %j switches a part of the bridge and says so', async (args, name, expected, out) => {
  bridge.publish({ vpn: makeVpns(NOON).up })
  expect(await outcomeOf(startCommand(args))).toEqual({ code: 0, out, err: '' })
  expect(bridge.calls).toContainEqual([name, expected])
})

test('a switch that does not move says why, and a word that is none is refused', async () => {
  bridge.answer('setVpn', () => {
    throw new AppError('vpn.not-allowed', '"wg-quick up home" needs root.')
  })
  expect(await outcomeOf(startCommand(['vpn', 'up']))).toMatchObject({
    code: 1,
    err: expect.stringContaining('"wg-quick up home" needs root.'),
  })
  expect(await outcomeOf(startCommand(['vpn', 'sideways']))).toMatchObject({
    code: 1,
    err: expect.stringContaining('Allowed choices are up, down'),
  })
})

test('use-port says where it listens now', async () => {
  const outcome = await outcomeOf(startCommand(['use-port', 'agent', '8081']))
  expect(bridge.calls).toContainEqual(['useOtherPort', { target: 'agent', port: 8081 }])
  expect(outcome).toEqual({ code: 0, out: 'agent listens on 127.0.0.1:8080.\n', err: '' })
})

test('use-port fails with the name of the program that has the port', async () => {
  const cause = toFailure(new AppError('port.taken', '127.0.0.1:8081 is taken by nginx (pid 7).'))
  bridge.publish({ agent: { phase: 'failed', address: '127.0.0.1:8081', since: 0, cause } })
  const { code, out, err } = await outcomeOf(startCommand(['use-port', 'agent', '8081']))
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain('127.0.0.1:8081 is taken by nginx (pid 7).')
})

test('dashboard prints a link that lets a browser in', async () => {
  const { code, out, err } = await outcomeOf(startCommand(['dashboard']))
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const [link = ''] = out.split('\n')
  const welcome = await fetch(link)
  expect(welcome.headers.get('set-cookie')).toContain('HttpOnly; SameSite=Strict')
})

test('status shows the path, and with --json the state itself', async () => {
  const [page, json] = await Promise.all([
    outcomeOf(startCommand(['status'])),
    outcomeOf(startCommand(['status', '--json'])),
  ])
  expect(page.out).toContain('│ ● agent           listening on 127.0.0.1:8080')
  expect(JSON.parse(json.out)).toEqual(await bridge.getState({}))
})

test('status --watch --json prints a line for each change, and fails when the bridge stops', async () => {
  const child = startCommand(['status', '--watch', '--json'])
  const outcome = outcomeOf(child)
  await once(child.stdout ?? child, 'data')
  bridge.publish({ wanted: 'disconnected' })
  await once(child.stdout ?? child, 'data')
  await server.close()
  const { code, out, err } = await outcome
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ revision, wanted }) => [revision, wanted])).toEqual([
    [1, 'connected'],
    [2, 'disconnected'],
  ])
  expect(code).not.toBe(0)
  expect(err).toContain('The bridge stopped.')
})

test('status --watch ends well on a signal', async () => {
  const child = startCommand(['status', '--watch'])
  const outcome = outcomeOf(child)
  await once(child.stdout ?? child, 'data')
  child.kill('SIGTERM')
  expect(await outcome).toMatchObject({ code: 0, err: '' })
})

test('without a bridge each command says so and what to do', async () => {
  await server.close()
  const { code, out, err } = await outcomeOf(startCommand(['status']))
  expect([code === 0, out]).toEqual([false, ''])
  expect(err).toContain(`there is no ${join(dir, 'bridge.json')}.`)
  expect(err).toContain('Start it with "npx sovereign bridge"')
})

test('a refusal of the bridge is shown in its words', async () => {
  bridge.answer('retryNow', () => {
    throw new AppError('api.not-found', 'There is no client "nobody".')
  })
  const { code, err } = await outcomeOf(startCommand(['retry', 'nobody']))
  expect(code).not.toBe(0)
  expect(err).toContain('There is no client "nobody".')
  expect(err).not.toContain('    at ')
})
