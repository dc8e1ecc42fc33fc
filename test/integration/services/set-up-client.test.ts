import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { RelayAdmin } from '../../../src/main/bridge/relay-admin.ts'
import { carriedHere } from '../../../src/main/services/jobs/carried.ts'
import { isOver } from '../../../src/shared/state/job.ts'
import { freePort } from '../../support/free-port.ts'
import { jobWhen, runJob, stepLines } from '../../support/run-job.ts'
import { startBridge, type TestBridge } from '../../support/start-bridge.ts'
import { startOwnRelay } from '../../support/start-own-relay.ts'
import type { TestRelay, TestRelayOptions } from '../../support/start-relay.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

interface Started extends TestBridge {
  readonly relay: TestRelay
  readonly vm: Sshd
  /** OpenCode's configuration on the client. */
  readonly config: string
  readonly port: number
}

async function start(relayOptions: TestRelayOptions = {}): Promise<Started> {
  const relay = await startOwnRelay(relayOptions)
  const vm = await startSshd({ teardown: onTestFinished })
  const port = await freePort()
  const started = await startBridge({
    teardown: onTestFinished,
    hosts: { pi: vm, devbox: vm },
    profile: {
      relay: { ssh: 'pi', port: relay.port, adminSocket: relay.relay.adminSocketPath },
      clients: [{ name: 'dev box', ssh: 'devbox', listen: `127.0.0.1:${port}` }],
    },
  })
  await started.bridge.connect()
  await started.state(({ clients }) => clients[0]?.path.kind === 'proven', 'proven path')
  return { ...started, relay, vm, port, config: join(vm.dir, '.config/opencode/opencode.json') }
}

const ORDER = { kind: 'set-up-client', name: 'dev box' } as const

test('AI clients are set up over the tunnel, and a request from there proves it', async () => {
  const { bridge, config, port } = await start()
  const told = new Set<string>()
  bridge.api.on('state', ({ jobs }) => {
    const { progress } = jobs[0]?.steps[2] ?? {}
    if (progress?.phase === 'running' && progress.detail !== undefined) told.add(progress.detail)
  })
  const job = await runJob(bridge, ORDER)
  expect(stepLines(job)).toEqual([
    `tunnel done: http://localhost:${port} is open there.`,
    'token skipped: The relay asks for none.',
    'set-up done: dev box is set up.',
    'verify done: The models of the relay came back: the whole way works.',
  ])
  expect(JSON.parse(await readFile(config, 'utf8'))).toMatchObject({
    provider: { sovereign: { options: { baseURL: `http://localhost:${port}/v1` } } },
  })
  expect(told.size).toBeGreaterThan(0)
})

test('a relay that asks for tokens gets a new one, which nobody sees', async () => {
  const { bridge, config, relay, vm } = await start()
  const admin = new RelayAdmin(bridge.relay())
  const asking = await fetchAdmin(relay, '/admin/clients/require', { required: true })
  expect(asking).toBe(200)
  const job = await runJob(bridge, ORDER)
  expect(stepLines(job)).toContain('token done: dev-box may use the relay from now on.')
  expect(stepLines(job)).toContain('verify done: The models of the relay came back: the whole way works.')
  const token = (await readFile(join(vm.dir, '.config/opencode/.sovereign/token'), 'utf8')).trim()
  expect(token).not.toBe('')
  expect(JSON.stringify(bridge.state)).not.toContain(token)
  expect(await admin.clients()).toMatchObject({ clients: [{ name: 'dev-box' }] })
  expect(existsSync(config)).toBe(true)
})

test('a set-up that is cancelled takes its token and its settings away again', async () => {
  const { bridge, config, relay, vm } = await start()
  await fetchAdmin(relay, '/admin/clients/require', { required: true })
  const { id } = await bridge.api.startJob({ order: ORDER })
  await jobWhen(bridge, id, ({ steps }) => steps[2]?.progress.phase === 'running')
  await bridge.api.cancelJob({ id })
  const job = await jobWhen(bridge, id, isOver)
  expect(job.progress.phase).toBe('cancelled')
  expect(await new RelayAdmin(bridge.relay()).clients()).toMatchObject({ clients: [] })
  expect(existsSync(config)).toBe(false)
  expect(existsSync(join(vm.dir, '.config/opencode/.sovereign/token'))).toBe(false)
})

test('settings of the user that cannot be understood stop it in the words of the script', async () => {
  const { bridge, config } = await start()
  await mkdir(join(config, '..'), { recursive: true })
  await writeFile(config, '{ "provider": ')
  const job = await runJob(bridge, ORDER)
  expect(job.progress).toMatchObject({
    phase: 'failed',
    cause: {
      code: 'job.unexpected-answer',
      message: expect.stringMatching(/^The set-up on dev box stopped: .*opencode\.json/) as string,
      remedy: expect.stringContaining('/setup | bash') as string,
    },
  })
  expect(await readFile(config, 'utf8')).toBe('{ "provider": ')
})

test('that the relay is not signed in is said, and is no failure of the client', async () => {
  const { bridge } = await start({ signedIn: false })
  const job = await runJob(bridge, ORDER)
  expect(stepLines(job).at(-1)).toMatch(/^verify done: The relay is reached\. .*sovereign relay login/)
})

test('a client that is switched off, or is none, is refused', async () => {
  const { bridge } = await start()
  await bridge.api.setClientEnabled({ name: 'dev box', enabled: false })
  const off = await runJob(bridge, ORDER)
  expect(off.progress).toMatchObject({
    cause: { code: 'ssh.not-connected', remedy: 'Switch the client on first.' },
  })
  const none = await runJob(bridge, { kind: 'set-up-client', name: 'nobody' })
  expect(none.progress).toMatchObject({ cause: { code: 'api.not-found' } })
})

test('in a checkout the bundle is built from the sources as they are, and taken away afterwards', async () => {
  const { path, release } = await carriedHere().bundle(AbortSignal.timeout(60_000))
  expect(await readFile(path, 'utf8')).toMatch(/^#!\/usr\/bin\/env node/)
  await release()
  expect(existsSync(path)).toBe(false)
  expect((await carriedHere().nodes()).has(`${process.platform}-${process.arch}`)).toBe(true)
}, 90_000)

async function fetchAdmin(relay: TestRelay, path: string, body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        socketPath: relay.relay.adminSocketPath,
        path,
        method: 'POST',
        headers: { host: 'localhost', 'content-type': 'application/json' },
      },
      (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      },
    )
    asking.on('error', reject)
    asking.end(JSON.stringify(body))
  })
}
