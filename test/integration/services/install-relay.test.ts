import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Bridge } from '../../../src/main/bridge/bridge.ts'
import type { Carried } from '../../../src/main/services/jobs/carried.ts'
import { VERSION } from '../../../src/node/version.ts'
import type { Job } from '../../../src/shared/state/job.ts'
import { isOver } from '../../../src/shared/state/job.ts'
import { freePort } from '../../support/free-port.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { jobWhen, runJob, stepLines } from '../../support/run-job.ts'
import { startBridge } from '../../support/start-bridge.ts'
import { startOwnRelay } from '../../support/start-own-relay.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

const BUILD = fileURLToPath(new URL('../../../scripts/build.ts', import.meta.url))

let built: string
let bundle: string

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'bundle-'))
  bundle = join(built, 'sovereign.mjs')
  execFileSync(process.execPath, [BUILD, '--edition', 'sovereign-relay', '--out', bundle])
}, 120_000)
afterAll(() => rm(built, { recursive: true, force: true }))

interface Host {
  readonly sshd: Sshd
  readonly bridge: Bridge
  readonly port: number
  /** Below the home folder of the login there. */
  path(...parts: string[]): string
  install(port?: number): Promise<Job>
  relayPid(): Promise<number>
}

/**
 * Stands in for systemd where none runs: starts and stops what the unit names, with the environment that it names.
 * The real one reads the same unit in test/integration/cli/relay-install.test.ts.
 */
const SYSTEMCTL = `#!/bin/bash
unit=$HOME/.config/systemd/user/sovereign-relay.service
echo "$*" >> "$HOME/systemctl.log"
stop() { [ -s "$HOME/unit.pid" ] && kill "$(cat "$HOME/unit.pid")" 2>/dev/null; rm -f "$HOME/unit.pid"; sleep 0.2; }
case "$*" in
*restart*|*"enable --now"*)
  stop
  while IFS= read -r line; do export "\${line#Environment=}"; done < <(grep ^Environment= "$unit")
  nohup $(grep ^ExecStart= "$unit" | cut -d= -f2-) >/dev/null 2>&1 </dev/null &
  echo $! > "$HOME/unit.pid" ;;
*disable*) stop ;;
esac
exit 0
`
const LOGINCTL = `#!/bin/sh
echo "$*" >> "$HOME/loginctl.log"
case "$*" in *show-user*) echo no ;; esac
`

interface HostOptions {
  readonly hasSystemd?: boolean
  /** The host has a Node that is new enough; true unless told. */
  readonly hasNode?: boolean
  readonly carried?: Partial<Carried>
}

/** A host whose login has a home folder of its own, where nothing starts programs for users. */
async function startHost({ hasNode = true, hasSystemd = false, carried }: HostOptions = {}): Promise<Host> {
  const bin = await makeTempDir('host-bin-')
  if (hasSystemd) {
    await writeFile(join(bin, 'systemctl'), SYSTEMCTL, { mode: 0o755 })
    await writeFile(join(bin, 'loginctl'), LOGINCTL, { mode: 0o755 })
  }
  if (hasNode) await symlink(process.execPath, join(bin, 'node'))
  const sshd = await startSshd({ teardown: onTestFinished, env: { PATH: `${bin}:/usr/bin:/bin` } })
  const { bridge } = await startBridge({
    teardown: onTestFinished,
    hosts: { pi: sshd },
    profile: {},
    services: {
      carried: {
        bundle: async () => ({ path: bundle, release: async () => undefined }),
        nodes: async () => new Map(),
        ...carried,
      },
    },
  })
  const port = await freePort()
  const path = (...parts: string[]): string => join(sshd.dir, '.local/share/sovereign', ...parts)
  const relayPid = async (): Promise<number> => Number(await readFile(path('relay/relay.pid'), 'utf8'))
  onTestFinished(async () => {
    for (const file of [path('relay/relay.pid'), join(sshd.dir, 'unit.pid')])
      if (existsSync(file)) process.kill(Number(await readFile(file, 'utf8')), 'SIGKILL')
  })
  return {
    ...{ sshd, bridge, port, path, relayPid },
    install: (other = port) => runJob(bridge, { kind: 'install-relay', ssh: 'pi', port: other }),
  }
}

async function healthAt(port: number): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${port}/health`)).json()
}

/** Everything below a folder, to see that nothing is left. */
async function filesBelow(folder: string): Promise<string[]> {
  return existsSync(folder) ? (await readdir(folder, { recursive: true })).sort() : []
}

test('a relay is installed, runs on, and is upgraded without touching its configuration and its usage', async () => {
  const { bridge, install, path, port, relayPid, sshd } = await startHost()
  const first = await install()
  expect(stepLines(first).slice(3)).toEqual([
    expect.stringMatching(/^look done: Linux \w+, Node 24\.\S+, no service manager/),
    expect.stringMatching(/^copy-node skipped: Node 24\.\S+ is there\.$/),
    expect.stringMatching(/^copy-bundle done: \d\.\d MiB, checksum compared\.$/),
    'configure done: Readable by that user alone.',
    expect.stringMatching(/^start done: .* runs until the host restarts/),
    `wait done: Sovereign Bridge ${VERSION}, not signed in yet.`,
  ])
  expect(first.progress.phase).toBe('done')
  expect(await healthAt(port)).toMatchObject({ version: VERSION })
  const config = join(sshd.dir, '.config/sovereign-relay/config.json')
  expect((await stat(config)).mode & 0o777).toBe(0o600)
  expect(await filesBelow(path('bin'))).toEqual(['sovereign.mjs'])

  await writeFile(config, '{"site_name":"mine"}')
  const pid = await relayPid()
  const second = await install()
  expect(stepLines(second)).toContain('configure skipped: There is one, and it stays as it is.')
  expect(second.progress.phase).toBe('done')
  expect(await relayPid()).not.toBe(pid)
  // Nobody has to collect it: what is left of it then has no command line.
  expect(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).toBe('')
  expect(await readFile(config, 'utf8')).toBe('{"site_name":"mine"}')
  expect(existsSync(path('relay/usage.db'))).toBe(true)
  const found = await runJob(bridge, { kind: 'test-relay', ssh: 'pi', port })
  expect(stepLines(found)).toContain('can-install skipped: There is one already.')
})

test('a relay that does not come up is taken away again, with everything that came with it', async () => {
  const broken = join(built, 'broken.mjs')
  await writeFile(
    broken,
    'if (process.argv.includes("--version")) console.log("1")\nelse throw new Error("no luck")\n',
  )
  const { path, sshd, bridge, port } = await startHost({
    carried: { bundle: async () => ({ path: broken, release: async () => undefined }) },
  })
  const before = await filesBelow(sshd.dir)
  const { id } = await bridge.api.startJob({ order: { kind: 'install-relay', ssh: 'pi', port } })
  await jobWhen(bridge, id, ({ steps }) => steps.at(-1)?.progress.phase === 'running')
  await bridge.api.cancelJob({ id })
  const job = await jobWhen(bridge, id, ({ progress }) => progress.phase === 'cancelled')
  expect(stepLines(job).slice(5)).toEqual([
    'copy-bundle undone',
    'configure undone',
    'start undone',
    'wait failed: job.cancelled It was cancelled.',
  ])
  expect(existsSync(path())).toBe(false)
  expect(
    (await filesBelow(sshd.dir)).filter(
      (file) => !before.includes(file) && !/^\.(?:local|config)(?:\/share)?$/.test(file),
    ),
  ).toEqual([])
})

test('an upgrade that fails leaves the relay of before in place', async () => {
  const bad = join(built, 'bad.mjs')
  await writeFile(bad, 'process.exit(3)\n')
  let which = bundle
  const { install, path, port } = await startHost({
    carried: { bundle: async () => ({ path: which, release: async () => undefined }) },
  })
  await install()
  const before = await readFile(path('bin/sovereign.mjs'))
  which = bad
  const job = await install()
  expect(job.progress).toMatchObject({
    phase: 'failed',
    cause: { message: expect.stringContaining('does not run on this machine') as string },
  })
  expect(await readFile(path('bin/sovereign.mjs'))).toEqual(before)
  expect(await filesBelow(path('bin'))).toEqual(['sovereign.mjs'])
  expect(await healthAt(port)).toMatchObject({ version: VERSION })
})

test('a relay that somebody else has put there is left alone', async () => {
  const { install, path } = await startHost()
  const relay = await startOwnRelay()
  const job = await install(relay.port)
  expect(job.progress).toMatchObject({ cause: { code: 'install.not-ours' } })
  expect(existsSync(path())).toBe(false)
})

test('another program on the port is named before anything is copied', async () => {
  const { install, path } = await startHost()
  const server = createServer((_request, response) => response.end('<html>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const job = await install((server.address() as AddressInfo).port)
  expect(job.progress).toMatchObject({ cause: { code: 'relay.not-a-relay' } })
  expect(existsSync(path())).toBe(false)
})

test('a host without Node, where none can be brought, is told what to do', async () => {
  const { install, path } = await startHost({ hasNode: false })
  const job = await install()
  expect(job.progress).toMatchObject({
    cause: { code: 'install.no-node', remedy: expect.stringContaining('nodejs.org') as string },
  })
  expect(existsSync(path())).toBe(false)
})

test('a host without Node gets one, which runs the relay', async () => {
  const platform = `${process.platform}-${process.arch}`
  const { install, path, port, relayPid } = await startHost({
    hasNode: false,
    carried: { nodes: async () => new Map([[platform, process.execPath]]) },
  })
  const job = await install()
  expect(stepLines(job)[4]).toMatch(/^copy-node done: \d+\.\d MiB, checksum compared\.$/)
  expect(job.progress.phase).toBe('done')
  expect(await healthAt(port)).toMatchObject({ version: VERSION })
  expect(await readFile(`/proc/${await relayPid()}/cmdline`, 'utf8')).toContain(path('bin/node'))
}, 120_000)

test('a program that is no Node for this kind of machine is not left behind', async () => {
  const other = join(built, 'other-node')
  await writeFile(other, '#!/bin/sh\nexit 126\n')
  const { install, path } = await startHost({
    hasNode: false,
    carried: { nodes: async () => new Map([[`${process.platform}-${process.arch}`, other]]) },
  })
  const job = await install()
  expect(job.progress).toMatchObject({ cause: { code: 'job.unexpected-answer' } })
  expect(existsSync(path())).toBe(false)
})

test('where systemd starts programs for users it gets a unit, and the login may end', async () => {
  const { install, path, port, sshd } = await startHost({ hasSystemd: true })
  const job = await install()
  expect(stepLines(job)).toContain('start done: systemd keeps it running, also after a restart of the host.')
  expect(await healthAt(port)).toMatchObject({ version: VERSION })
  const unit = await readFile(join(sshd.dir, '.config/systemd/user/sovereign-relay.service'), 'utf8')
  expect(unit).toContain(`RELAY_PORT=${port}`)
  expect(unit).toContain(path('bin/sovereign.mjs'))
  expect(await readFile(join(sshd.dir, 'loginctl.log'), 'utf8')).toContain('enable-linger')
  expect(existsSync(path('relay/start.sh'))).toBe(false)
})

test.each([
  ['systemd', true],
  ['no service manager', false],
])('an upgrade under %s that is cancelled starts the relay of before again', async (_name, hasSystemd) => {
  const silent = join(built, 'silent.mjs')
  await writeFile(
    silent,
    `import { execFileSync } from 'node:child_process'
const args = process.argv.slice(2)
if (args.includes('--version')) console.log('1')
else if (args[1] === 'install') execFileSync('systemctl', ['--user', 'restart', 'x'], { stdio: 'ignore' })
else setInterval(() => undefined, 1000)
`,
  )
  let which = bundle
  const { bridge, install, path, port } = await startHost({
    hasSystemd,
    carried: { bundle: async () => ({ path: which, release: async () => undefined }) },
  })
  await install()
  const before = await readFile(path('bin/sovereign.mjs'))
  which = silent
  const { id } = await bridge.api.startJob({ order: { kind: 'install-relay', ssh: 'pi', port } })
  await jobWhen(bridge, id, ({ steps }) => steps.at(-1)?.progress.phase === 'running')
  await expect(healthAt(port)).rejects.toThrow()
  await bridge.api.cancelJob({ id })
  const job = await jobWhen(bridge, id, isOver)
  expect(job.progress.phase).toBe('cancelled')
  expect(await readFile(path('bin/sovereign.mjs'))).toEqual(before)
  await expect
    .poll(() => healthAt(port).catch(() => undefined), { timeout: 15_000 })
    .toMatchObject({ version: VERSION })
})
