import { execFileSync, spawnSync } from 'node:child_process'
import { appendFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { logScript } from '../../../src/ollama-host/launchd-daemon.ts'
import { serviceFiles } from '../../../src/ollama-host/service-files.ts'
import {
  ollamaService,
  type ServiceOptions,
  USUAL_SERVICE,
} from '../../../src/ollama-host/service-options.ts'
import { ownUnit, stockDropIn } from '../../../src/ollama-host/systemd-unit.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const hasCommand = (name: string, ...args: string[]) => spawnSync(name, args).status === 0
const SYSTEMD = hasCommand('systemd-analyze', '--version')
const PYTHON = hasCommand('python3', '-c', 'import plistlib')
if (!SYSTEMD) console.warn('SKIPPED: systemd-analyze is not installed, so no unit is checked by systemd.')
if (!PYTHON) console.warn('SKIPPED: python3 is not installed, so no plist is read by a parser.')

const options = (more: Partial<ServiceOptions> = {}): ServiceOptions => ({
  ...{ platform: 'linux', bind: '192.168.250.20', port: 11_434, isLocalOnly: false, origins: [] },
  ...{ binary: '/bin/true', user: 'daemon', ...USUAL_SERVICE, ...more },
})

const AWKWARD: Partial<ServiceOptions> = {
  bind: 'fd00::20',
  models: '/srv/50% of "my" $HOME/a models',
  origins: ['https://chat.example.org', 'app://obsidian.md'],
  isLocalOnly: true,
  deviceHelper: '/bin/true',
}

const makeFolder = () => makeTempDir('ollama-files-')

test.skipIf(!SYSTEMD).each([
  ['with nothing special', {}],
  ['with awkward paths, two origins and a card of NVIDIA', AWKWARD],
  ['with models below /home', { models: '/home/me/models' }],
])('systemd finds nothing to complain about in a unit %s', async (_what, more) => {
  const folder = await makeFolder()
  const service = ollamaService(options(more))
  const own = join(folder, 'sovereign-ollama.service')
  const stock = join(folder, 'ollama.service')
  const dropIn = join(folder, 'ollama.service.d/zz-sovereign-bridge.conf')
  await mkdir(dirname(dropIn))
  await writeFile(own, ownUnit(service).content)
  await writeFile(stock, '[Service]\nExecStart=/bin/true\nUser=daemon\nEnvironment="OLLAMA_DEBUG=1"\n')
  await writeFile(dropIn, stockDropIn(service).content)
  for (const file of [own, stock]) {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
    const ours = stderr.split('\n').filter((line) => line.includes(folder) || line.includes('ollama'))
    expect({ status, ours }).toEqual({ status: 0, ours: [] })
  }
})

test.skipIf(!SYSTEMD)('systemd rates what the service could still do as little', async () => {
  const file = join(await makeFolder(), 'sovereign-ollama.service')
  await writeFile(file, ownUnit(ollamaService(options())).content)
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
    encoding: 'utf8',
  })
  // From 0, nothing, to 10, everything; a unit as Ollama's installer writes it has 9.2.
  const exposure = Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])
  expect(exposure).toBeGreaterThan(0)
  expect(exposure).toBeLessThan(5)
})

test('neither unit nor daemon runs as root, debugs, or listens at more than one address', () => {
  for (const platform of ['linux', 'darwin'] as const)
    for (const isStock of [false, true]) {
      const { user: _user, ...rest } = options({ platform })
      const text = serviceFiles(ollamaService(rest), isStock)
        .map(({ content }) => content)
        .join('\n')
      expect(text).toContain('192.168.250.20:11434')
      expect(text).not.toMatch(/OLLAMA_DEBUG=|<key>OLLAMA_DEBUG|0\.0\.0\.0|ORIGINS=|24h/)
      expect(text).toMatch(platform === 'linux' ? /^User=ollama$/m : /<string>_ollama<\/string>/)
      expect(text).not.toMatch(/User=root|<string>root/)
    }
})

test.each<[string, Partial<ServiceOptions>, RegExp]>([
  ['root', { user: 'root' }, /not run as root/],
  ['the account of those who have none', { user: 'nobody' }, /shared/],
  ['every origin', { origins: ['*'] }, /every page in a browser/],
  ['every origin of a kind', { origins: ['https://*.example.org'] }, /every page in a browser/],
  ['what is no origin', { origins: ['https://example.org/path'] }, /no origin/],
  ['two origins in one', { origins: ['https://a.example,https://b.example'] }, /no origin/],
  ['an account that is two words', { user: 'a b' }, /no name of an account/],
  ['a folder that is not absolute', { models: 'models' }, /absolute path/],
  ['a folder with a directive in it', { models: '/a\nUser=root' }, /absolute path/],
  ['a time that is none', { keepAlive: 'for long' }, /duration/],
  ['a context that no model has', { context: 12 }, /--context/],
])('%s is refused', (_what, more, words) => {
  expect(() => ollamaService(options(more))).toThrow(words)
})

test.skipIf(!PYTHON)('a plist parser reads back exactly what was meant', () => {
  const service = ollamaService(options({ ...AWKWARD, platform: 'darwin' }))
  const [daemon, keeper] = serviceFiles(service, false).map(({ content }) => {
    const read = 'import sys,plistlib,json; json.dump(plistlib.loads(sys.stdin.buffer.read()), sys.stdout)'
    const parsed: unknown = JSON.parse(
      execFileSync('python3', ['-c', read], { input: content, encoding: 'utf8' }),
    )
    return parsed
  })
  expect(daemon).toMatchObject({
    ...{ UserName: 'daemon', RunAtLoad: true, KeepAlive: true, Umask: 0o077 },
    ProgramArguments: ['/bin/true', 'serve'],
    EnvironmentVariables: {
      ...{ OLLAMA_HOST: '[fd00::20]:11434', OLLAMA_MODELS: AWKWARD.models, OLLAMA_NO_CLOUD: '1' },
      OLLAMA_ORIGINS: 'https://chat.example.org,app://obsidian.md',
    },
    StandardErrorPath: '/var/log/sovereign-ollama/ollama.log',
  })
  expect(keeper).toMatchObject({ UserName: 'daemon', StartInterval: 3600 })
})

test('the log keeper empties the log under whoever writes it, keeps five and lets a short one be', async () => {
  const log = join(await makeFolder(), 'ollama.log')
  const keep = () => execFileSync('/bin/sh', ['-c', logScript(log, 100)])
  keep()
  await writeFile(log, 'short\n')
  keep()
  expect(await readFile(log, 'utf8')).toBe('short\n')
  for (let turn = 0; turn < 8; turn += 1) {
    await appendFile(log, `turn ${turn} ${'x'.repeat(100)}\n`)
    keep()
    expect(await readFile(log, 'utf8')).toBe('')
  }
  const older = (await readdir(dirname(log))).filter((name) => name.endsWith('.gz')).sort()
  expect(older).toEqual([0, 1, 2, 3, 4].map((age) => `ollama.log.${age}.gz`))
  const texts = await Promise.all(
    older.map(async (name) =>
      gunzipSync(await readFile(join(dirname(log), name)))
        .toString('utf8')
        .slice(0, 6),
    ),
  )
  expect(texts).toEqual(['turn 7', 'turn 6', 'turn 5', 'turn 4', 'turn 3'])
  expect((await stat(`${log}.0.gz`)).mode & 0o777).toBe(0o600)
})
