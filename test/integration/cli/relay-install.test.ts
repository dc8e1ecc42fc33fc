import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { relayInstallCommands } from '../../../src/cli/commands/relay-install.ts'
import { launchdAgent } from '../../../src/relay/install/launchd-agent.ts'
import { systemdUnit } from '../../../src/relay/install/systemd-unit.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const hasCommand = (name: string, ...args: string[]) => spawnSync(name, args).status === 0
const SYSTEMD = hasCommand('systemd-analyze', '--version')
const PYTHON = hasCommand('python3', '-c', 'import plistlib')
if (!SYSTEMD) console.warn('SKIPPED: systemd-analyze is not installed, so no unit is checked by systemd.')
if (!PYTHON) console.warn('SKIPPED: python3 is not installed, so no plist is read by a parser.')

const makeFolder = (name = 'install-') => makeTempDir(name)

const AWKWARD = {
  configPath: '/home/me & "you"/50% $HOME/config.json',
  dataDir: '/var/lib/a <b>',
  env: { RELAY_PORT: '9090', NOTE: 'two words' },
}

test.skipIf(!SYSTEMD)('systemd finds nothing to complain about, whatever the paths are', async () => {
  const folder = await makeFolder()
  const file = join(folder, 'sovereign-relay.service')
  for (const service of [
    { command: ['/bin/true', 'relay'] as const, configPath: '/c/config.json', dataDir: '/d', env: {} },
    { command: ['/bin/true', 'a b/$x %n "q"', 'relay'] as const, ...AWKWARD },
  ]) {
    await writeFile(file, systemdUnit(service))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--user', file], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder, XDG_RUNTIME_DIR: folder },
    })
    const ours = stderr.split('\n').filter((line) => line.includes('sovereign-relay'))
    expect({ status, ours }).toEqual({ status: 0, ours: [] })
  }
})

test('the unit lets the relay write to its own folders only, which a sign-in needs', () => {
  const unit = systemdUnit({ command: ['/n', 'relay'], configPath: '/c/config.json', dataDir: '/d', env: {} })
  expect(unit).toContain('ProtectSystem=strict\nProtectHome=read-only\nReadWritePaths=/c /d\n')
  expect(unit).toContain('NoNewPrivileges=yes')
  expect(unit).toContain('Restart=on-failure')
})

test('a line break cannot smuggle a directive into the unit', () => {
  const service = { command: ['/n'] as const, dataDir: '/d', env: {} }
  expect(() => systemdUnit({ ...service, configPath: '/c\nExecStartPre=/bin/evil' })).toThrow(/line break/)
})

test.skipIf(!PYTHON)('a plist parser reads back exactly what was meant', () => {
  const command = ['/opt/node & co/node', 'a <b> "c"', 'relay'] as const
  const json = execFileSync(
    'python3',
    ['-c', 'import sys,plistlib,json; json.dump(plistlib.loads(sys.stdin.buffer.read()), sys.stdout)'],
    { input: launchdAgent({ command, ...AWKWARD }), encoding: 'utf8' },
  )
  expect(JSON.parse(json)).toMatchObject({
    ProgramArguments: command,
    EnvironmentVariables: { ...AWKWARD.env, CONFIG_PATH: AWKWARD.configPath },
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    Umask: 0o077,
  })
})

test.skipIf(process.platform !== 'linux')('uninstall removes exactly what install wrote', async () => {
  const home = await makeFolder()
  const program = join(home, 'run.ts')
  await writeFile(
    program,
    `import { Command } from ${JSON.stringify(import.meta.resolve('commander'))}
import { relayInstallCommands } from ${JSON.stringify(new URL('../../../src/cli/commands/relay-install.ts', import.meta.url).href)}
const relay = new Command('relay')
for (const command of relayInstallCommands()) relay.addCommand(command)
await relay.parseAsync(process.argv)\n`,
  )
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [program, ...args], {
      encoding: 'utf8',
      env: { HOME: home, PATH: '/usr/bin' },
    })
  const unit = join(home, '.config/systemd/user/sovereign-relay.service')

  expect(run('install', '--dry-run')).toContain('Would run: systemctl --user')
  expect(existsSync(join(home, '.config'))).toBe(false)

  expect(run('install', '--no-start', '--port', '9191')).toContain('loginctl enable-linger')
  const text = await readFile(unit, 'utf8')
  expect(text).toContain(`ExecStart=${process.execPath} ${program} relay\n`)
  expect(text).toContain('Environment=RELAY_PORT=9191\n')
  expect(run('show', '--port', '9191')).toContain(text)
  expect(run('install', '--no-start', '--port', '9191')).toContain('nothing to change')

  expect(run('uninstall', '--no-start')).toContain('Removed')
  expect(existsSync(unit)).toBe(false)
  expect(existsSync(join(home, '.config/sovereign-relay'))).toBe(true)
  expect(run('uninstall', '--no-start')).toContain('nothing to remove')
})

test('the relay command gets the three verbs', () => {
  expect(relayInstallCommands().map((command) => command.name())).toEqual(['install', 'uninstall', 'show'])
})
