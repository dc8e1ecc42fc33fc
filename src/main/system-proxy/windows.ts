import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { RunTool } from '../../node/run-tool.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { bypassList, starPatterns } from './bypass.ts'
import { type ProxyStore, type ProxyWish, type Settings, UNSET } from './proxy-store.ts'

const KEY = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings'
const SETTINGS = ['ProxyOverride', 'ProxyServer', 'AutoConfigURL', 'ProxyEnable'] as const
const LINE = /^ {4}(\S+) {4}(REG_[A-Z_]+)(?: {4}(.*))?$/

/**
 * INTERNET_OPTION_SETTINGS_CHANGED (39) and INTERNET_OPTION_REFRESH (37), without which programs that run already go
 * on as before: https://learn.microsoft.com/en-us/windows/win32/wininet/option-flags
 */
const REFRESH = `
$signature = '[DllImport("wininet.dll")] public static extern bool InternetSetOption(IntPtr h, int o, IntPtr b, int l);'
$wininet = Add-Type -MemberDefinition $signature -Name WinInet -Namespace Sovereign -PassThru
foreach ($option in 39, 37) { [void]$wininet::InternetSetOption([IntPtr]::Zero, $option, [IntPtr]::Zero, 0) }`

/** The Internet Settings of the user, which WinINet, Chromium and .NET follow. Values are `REG_SZ:text`. */
export function windowsStore(run: RunTool, env: Readonly<Record<string, string | undefined>>): ProxyStore {
  // By their whole paths: a program of that name in the current folder would come first.
  const system = join(env.SystemRoot ?? 'C:\\Windows', 'System32')
  const reg = (...args: string[]): Promise<string> => run(join(system, 'reg.exe'), args)
  return {
    system: 'windows',
    read: async () => refuseLost(parse(await reg('query', KEY))),
    wanted: (proxy) => (proxy.pacUrl === undefined ? manual(proxy) : automatic(proxy.pacUrl)),
    write: async (name, value) => {
      if (value === UNSET) await reg('delete', KEY, '/v', name, '/f')
      else await reg('add', KEY, '/v', name, '/t', typeOf(value), '/d', dataOf(value), '/f')
    },
    dependsOn: (name) => {
      if (name === 'ProxyEnable') return ['ProxyServer']
      // A script comes before a proxy, so it would take the place of one that somebody has put in since.
      return name === 'AutoConfigURL' ? ['ProxyServer', 'ProxyEnable'] : []
    },
    isLoose: () => false,
    announce: async () => {
      const powershell = join(system, 'WindowsPowerShell', 'v1.0', 'powershell.exe')
      const command = ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command', REFRESH]
      // New programs read the registry; without PowerShell those that run keep the old proxy until they end.
      await run(powershell, command).catch(() => undefined)
    },
  }
}

/**
 * What the old code page of a console cannot say comes as � and could not be put back.
 *
 * @throws AppError `system-proxy.failed`
 */
function refuseLost(settings: Settings): Settings {
  for (const [name, value] of settings)
    if (value?.includes('\uFFFD') === true)
      throw new AppError(
        'system-proxy.failed',
        `"${name}" of the system has letters that cannot be read here.`,
      )
  return settings
}

/** The lines of `reg query`: four blanks, the name, four blanks, the type, four blanks, the data. */
function parse(text: string): Settings {
  const found = new Map<string, string | typeof UNSET>(SETTINGS.map((name) => [name, UNSET]))
  for (const line of text.split(/\r?\n/)) {
    const [, name = '', type = '', data = ''] = LINE.exec(line) ?? []
    if (found.has(name)) found.set(name, `${type}:${type === 'REG_DWORD' ? String(Number(data)) : data}`)
  }
  return found
}

function typeOf(value: string): string {
  return value.slice(0, value.indexOf(':'))
}

function dataOf(value: string): string {
  return value.slice(value.indexOf(':') + 1)
}

function manual({ bypass, host, port }: ProxyWish): Settings {
  const override = [...bypassList(bypass).flatMap(starPatterns), '<local>']
  return new Map<string, string | typeof UNSET>([
    ['ProxyOverride', `REG_SZ:${override.join(';')}`],
    ['ProxyServer', `REG_SZ:${isIPv6(host) ? `[${host}]` : host}:${port}`],
    ['AutoConfigURL', UNSET],
    ['ProxyEnable', 'REG_DWORD:1'],
  ])
}

function automatic(pacUrl: string): Settings {
  return new Map([
    ['ProxyEnable', 'REG_DWORD:0'],
    ['AutoConfigURL', `REG_SZ:${pacUrl}`],
  ])
}
