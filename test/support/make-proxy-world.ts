import { execFile, execFileSync } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const TOOLS = fileURLToPath(new URL('system-tools/', import.meta.url))

type Teardown = (close: () => Promise<void>) => void
type Dump = Readonly<Record<string, string>>

/** A system with a proxy setting, as programs and people see it. */
export interface ProxyWorld {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** Belongs to this test. */
  readonly dir: string
  /** Everything that is set, by the system's own words. */
  dump(): Promise<Dump>
  /** Lets the system have a proxy, a script and exceptions of a company. */
  company(): Promise<void>
  /** Somebody puts `other.example:3128` in the place of the proxy for plain HTTP, or of the only one. */
  byHand(): Promise<void>
  /** What the dump has for 127.0.0.1:8080 without *.home and 10.0.0.0/8. */
  readonly manual: Dump
  /** What it has for the script http://127.0.0.1:8080/proxy.pac. */
  readonly script: Dump
  /** What it has after `byHand` was done to it and everything else was put back; undefined is what it has not. */
  readonly afterByHand: {
    readonly company: Readonly<Record<string, string | undefined>>
    readonly nothing: Readonly<Record<string, string | undefined>>
  }
}

async function makeDir(teardown: Teardown): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'proxy-'))
  teardown(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function putTool(tool: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await copyFile(join(TOOLS, tool), path)
  await chmod(path, 0o755)
}

async function writeAll(dir: string, files: Dump): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
  }
}

/** File names and their contents, without the last line break. */
async function readAll(dir: string): Promise<Dump> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
  const texts = await Promise.all(
    files.map(
      async (file) => [file.slice(dir.length + 1), (await readFile(file, 'utf8')).trimEnd()] as const,
    ),
  )
  return Object.fromEntries(texts.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const NO_SERVER = 'Enabled: No\nServer: \nPort: 0\nAuthenticated Proxy Enabled: 0\n'
const server = (address: string, port: number, on = 'Yes') =>
  `Enabled: ${on}\nServer: ${address}\nPort: ${port}\nAuthenticated Proxy Enabled: 0`

/** macOS with two network services and one that is switched off. */
export async function makeMac(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const state = join(dir, 'state')
  await putTool('networksetup', join(dir, 'bin/networksetup'))
  const services = ['Wi-Fi', 'Thunderbolt Bridge', 'Old VPN']
  await writeAll(state, { services: 'Wi-Fi\nThunderbolt Bridge\n*Old VPN\n' })
  for (const service of services)
    await writeAll(join(state, service), {
      webproxy: NO_SERVER,
      securewebproxy: NO_SERVER,
      autoproxyurl: 'URL: (null)\nEnabled: No\n',
      proxybypassdomains: '*.local\n169.254/16\n',
    })
  const env = { ...process.env, TOOL_STATE: state, PATH: `${join(dir, 'bin')}:${process.env.PATH}` }
  const active = services.slice(0, 2)
  return {
    ...{ platform: 'darwin', env, dir },
    dump: () => readAll(state),
    company: () =>
      writeAll(join(state, 'Wi-Fi'), {
        webproxy: `${server('proxy.company.example', 3128, 'No')}\n`,
        securewebproxy: `${server('proxy.company.example', 3129)}\n`,
        autoproxyurl: 'URL: http://company.example/proxy.pac\nEnabled: Yes\n',
        proxybypassdomains: '',
      }),
    byHand: async () => {
      await run('networksetup', ['-setwebproxy', 'Wi-Fi', 'other.example', '3128'], { env })
    },
    manual: Object.fromEntries(
      active.flatMap((service) => [
        [`${service}/webproxy`, server('127.0.0.1', 8080)],
        [`${service}/securewebproxy`, server('127.0.0.1', 8080)],
        [`${service}/proxybypassdomains`, 'localhost\n127.0.0.0/8\n::1\n*.home\n10.0.0.0/8'],
      ]),
    ),
    script: Object.fromEntries(
      active.map((service) => [
        `${service}/autoproxyurl`,
        'URL: http://127.0.0.1:8080/proxy.pac\nEnabled: Yes',
      ]),
    ),
    afterByHand: {
      company: {
        'Wi-Fi/webproxy': server('other.example', 3128),
        'Wi-Fi/securewebproxy': server('proxy.company.example', 3129),
        // Switched on again it would come before the proxy that somebody has put in.
        'Wi-Fi/autoproxyurl': 'URL: http://company.example/proxy.pac\nEnabled: No',
      },
      nothing: {
        'Wi-Fi/webproxy': server('other.example', 3128),
        'Wi-Fi/securewebproxy': NO_SERVER.trimEnd(),
        'Thunderbolt Bridge/webproxy': NO_SERVER.trimEnd(),
      },
    },
  }
}

export async function makeWindows(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const [state, system] = [join(dir, 'state'), join(dir, 'System32')]
  const reg = join(system, 'reg.exe')
  await putTool('reg.exe', reg)
  const powershell = join(system, 'WindowsPowerShell/v1.0/powershell.exe')
  await writeAll(dirname(powershell), {
    'powershell.exe': `#!/bin/sh\nprintf '%s\\n' "$*" >> '${dir}/announced'\n`,
  })
  await chmod(powershell, 0o755)
  await writeAll(state, { ProxyEnable: 'REG_DWORD\n0\n', User_Agent: 'REG_SZ\nMozilla/4.0 (compatible)\n' })
  const env = { ...process.env, TOOL_STATE: state, SystemRoot: dir }
  const key = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings'
  return {
    ...{ platform: 'win32', env, dir },
    dump: () => readAll(state),
    company: () =>
      writeAll(state, {
        ProxyEnable: 'REG_DWORD\n1\n',
        ProxyServer: 'REG_SZ\nhttp=proxy.company.example:3128;https=proxy.company.example:3129\n',
        ProxyOverride: 'REG_SZ\n*.company.example;<local>\n',
        AutoConfigURL: 'REG_EXPAND_SZ\nhttp://company.example/proxy.pac\n',
      }),
    byHand: async () => {
      await run(reg, ['add', key, '/v', 'ProxyServer', '/t', 'REG_SZ', '/d', 'other.example:3128', '/f'], {
        env,
      })
    },
    manual: {
      ProxyEnable: 'REG_DWORD\n1',
      ProxyServer: 'REG_SZ\n127.0.0.1:8080',
      ProxyOverride: 'REG_SZ\nlocalhost;127.*;::1;*.home;10.*;<local>',
    },
    script: { AutoConfigURL: 'REG_SZ\nhttp://127.0.0.1:8080/proxy.pac', ProxyEnable: 'REG_DWORD\n0' },
    afterByHand: {
      company: {
        ProxyEnable: 'REG_DWORD\n1',
        ProxyServer: 'REG_SZ\nother.example:3128',
        ProxyOverride: 'REG_SZ\n*.company.example;<local>',
        // It would come before the proxy that somebody has put in.
        AutoConfigURL: undefined,
      },
      nothing: {
        ProxyEnable: 'REG_DWORD\n1',
        ProxyServer: 'REG_SZ\nother.example:3128',
        ProxyOverride: undefined,
      },
    },
  }
}

/** KDE by doubles of its tools. */
export async function makeKde(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const state = join(dir, 'state')
  await mkdir(state)
  await putTool('kconfig', join(dir, 'bin/kreadconfig6'))
  await putTool('kconfig', join(dir, 'bin/kwriteconfig6'))
  await writeAll(join(dir, 'bin'), { 'dbus-send': `#!/bin/sh\nprintf '%s\\n' "$*" >> '${dir}/announced'\n` })
  await chmod(join(dir, 'bin/dbus-send'), 0o755)
  const env = {
    ...{ ...process.env, TOOL_STATE: state, XDG_CURRENT_DESKTOP: 'KDE' },
    PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
  }
  return {
    ...kdeOf({ dir, env, tool: 'kwriteconfig6' }),
    dump: () => readAll(state),
  }
}

/** KDE by its own tools, on a kioslaverc of this test. */
export async function makeRealKde(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const file = join(dir, 'config/kioslaverc')
  const env = { ...process.env, XDG_CONFIG_HOME: join(dir, 'config'), XDG_CURRENT_DESKTOP: 'KDE' }
  await writeAll(dir, { 'config/kioslaverc': '[Other]\nkey=value\n' })
  return {
    ...kdeOf({ dir, env, tool: REAL_KDE ?? '' }),
    dump: async () => {
      const [, group = ''] = (await readFile(file, 'utf8')).split('[Proxy Settings]\n')
      const lines = group.split('\n').filter((line) => line !== '')
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
    },
  }
}

/** The KDE tool that is on this machine. */
export const REAL_KDE = ['kwriteconfig6', 'kwriteconfig5'].find((tool) => isThere(tool))

function kdeOf({
  dir,
  env,
  tool,
}: {
  readonly dir: string
  readonly env: ProxyWorld['env']
  readonly tool: string
}): Omit<ProxyWorld, 'dump'> {
  const write = async (key: string, value: string): Promise<void> => {
    const where = ['--file', 'kioslaverc', '--group', 'Proxy Settings', '--key', key]
    await run(tool, [...where, '--', value], { env: env as NodeJS.ProcessEnv })
  }
  return {
    ...{ platform: 'linux', env, dir },
    company: async () => {
      await write('ProxyType', '2')
      await write('Proxy Config Script', 'http://company.example/proxy.pac')
      await write('httpProxy', 'http://proxy.company.example 3128')
      await write('NoProxyFor', '.company.example,büro.example')
      await write('ReversedException', 'true')
    },
    byHand: () => write('httpProxy', 'http://other.example 3128'),
    manual: {
      ProxyType: '1',
      httpProxy: 'http://127.0.0.1 8080',
      httpsProxy: 'http://127.0.0.1 8080',
      NoProxyFor: 'localhost,127.0.0.0/8,::1,*.home,10.0.0.0/8',
      ReversedException: 'false',
    },
    script: { ProxyType: '2', 'Proxy Config Script': 'http://127.0.0.1:8080/proxy.pac' },
    afterByHand: {
      company: {
        ProxyType: '1',
        httpProxy: 'http://other.example 3128',
        httpsProxy: undefined,
        NoProxyFor: '.company.example,büro.example',
        ReversedException: 'true',
      },
      nothing: { ProxyType: '1', httpProxy: 'http://other.example 3128', httpsProxy: undefined },
    },
  }
}

/** The real gsettings, on a file of this test instead of the settings service of a desktop. */
export async function makeGnome(teardown: Teardown): Promise<ProxyWorld> {
  const dir = await makeDir(teardown)
  const env = {
    ...process.env,
    ...{
      GSETTINGS_BACKEND: 'keyfile',
      XDG_CONFIG_HOME: join(dir, 'config'),
      XDG_CURRENT_DESKTOP: 'ubuntu:GNOME',
    },
  }
  await mkdir(join(dir, 'config'))
  const root = 'org.gnome.system.proxy'
  const set = async (key: string, value: string): Promise<void> => {
    await run('gsettings', ['set', ...`${root}${key}`.split(' '), value], { env })
  }
  return {
    ...{ platform: 'linux', env, dir },
    dump: async () => {
      const { stdout } = await run('gsettings', ['list-recursively', root], { env })
      return Object.fromEntries(
        stdout.split('\n').flatMap((line) => {
          const [, key, value] = /^(\S+ \S+) (.*)$/.exec(line) ?? []
          return key === undefined || value === undefined ? [] : [[key.slice(root.length), value]]
        }),
      )
    },
    company: async () => {
      await set(' mode', 'auto')
      await set(' autoconfig-url', "http://company.example/it's.pac")
      await set(' ignore-hosts', '[]')
      await set('.http host', 'proxy.company.example')
      await set('.http port', '3128')
      await set('.http use-authentication', 'true')
      await set('.http authentication-user', 'someone')
    },
    byHand: () => set('.http host', 'other.example'),
    manual: {
      ' mode': "'manual'",
      '.http host': "'127.0.0.1'",
      '.http port': '8080',
      '.http use-authentication': 'false',
      '.https host': "'127.0.0.1'",
      '.https port': '8080',
      ' ignore-hosts': "['localhost', '127.0.0.0/8', '::1', '*.home', '10.0.0.0/8']",
    },
    script: { ' mode': "'auto'", ' autoconfig-url': "'http://127.0.0.1:8080/proxy.pac'" },
    afterByHand: {
      company: {
        ' mode': "'manual'",
        '.http host': "'other.example'",
        '.https host': "''",
        ' ignore-hosts': '@as []',
        ' autoconfig-url': '"http://company.example/it\'s.pac"',
      },
      nothing: { ' mode': "'manual'", '.http host': "'other.example'", '.https host': "''" },
    },
  }
}

export const HAS_GNOME = isThere('gsettings', 'get', 'org.gnome.system.proxy', 'mode')

function isThere(tool: string, ...args: string[]): boolean {
  try {
    execFileSync(tool, args.length === 0 ? ['--help'] : args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
