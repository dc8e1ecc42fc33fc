import { isIPv6 } from 'node:net'
import { type RunTool, ToolError } from '../../node/run-tool.ts'
import { bypassList } from './bypass.ts'
import { type ProxyStore, type ProxyWish, type Settings, UNSET } from './proxy-store.ts'

const GROUP = ['--file', 'kioslaverc', '--group', 'Proxy Settings', '--key']
const PAC = 'Proxy Config Script'
const SETTINGS = ['ReversedException', 'NoProxyFor', 'httpProxy', 'httpsProxy', PAC, 'ProxyType'] as const
/** KProtocolManager::ProxyType */
const TYPE = { manual: '1', script: '2' } as const
/** What a key that is not there reads as. */
const NO_VALUE = 'sovereign-bridge:unset'
/** Newest first; the programs of both write the same file. */
const VERSIONS = ['6', '5'] as const

/** KDE Plasma: the keys of kioslaverc that its own settings page writes. */
export function kdeStore(run: RunTool): ProxyStore {
  let version: (typeof VERSIONS)[number] | undefined
  const read = async (key: string): Promise<string | typeof UNSET> => {
    version ??= await findVersion(run)
    const text = await run(`kreadconfig${version}`, [...GROUP, key, '--default', NO_VALUE])
    const value = text.replace(/\r?\n$/, '')
    return value === NO_VALUE ? UNSET : value
  }
  return {
    system: 'kde',
    read: async () => {
      const settings = new Map<string, string | typeof UNSET>()
      for (const key of SETTINGS) settings.set(key, await read(key))
      return settings
    },
    wanted: (proxy) => (proxy.pacUrl === undefined ? manual(proxy) : automatic(proxy.pacUrl)),
    write: async (key, value) => {
      version ??= await findVersion(run)
      // Behind "--" nothing is an option, whatever the old value begins with.
      const what = value === UNSET ? ['--delete'] : ['--', value]
      await run(`kwriteconfig${version}`, [...GROUP, key, ...what])
    },
    dependsOn: (key) => (key === 'ProxyType' ? ['httpProxy', 'httpsProxy', PAC] : []),
    isLoose: (key) => key === 'NoProxyFor',
    announce: async () => {
      const signal = ['/KIO/Scheduler', 'org.kde.KIO.Scheduler.reparseSlaveConfiguration', 'string:']
      // Programs that run already would go on as before; new ones read the file.
      await run('dbus-send', ['--session', '--type=signal', ...signal]).catch(() => undefined)
    },
  }
}

async function findVersion(run: RunTool): Promise<(typeof VERSIONS)[number]> {
  let failure: unknown
  for (const version of VERSIONS) {
    try {
      await run(`kreadconfig${version}`, [...GROUP, 'ProxyType'])
      return version
    } catch (error) {
      if (!(error instanceof ToolError) || !error.isMissing) throw error
      failure = error
    }
  }
  throw failure
}

function manual({ bypass, host, port }: ProxyWish): Settings {
  // Host and port with a blank between them, as the settings page of KDE writes it.
  const address = `http://${isIPv6(host) ? `[${host}]` : host} ${port}`
  return new Map([
    ['ReversedException', 'false'],
    ['NoProxyFor', bypassList(bypass).join(',')],
    ['httpProxy', address],
    ['httpsProxy', address],
    ['ProxyType', TYPE.manual],
  ])
}

function automatic(pacUrl: string): Settings {
  return new Map([
    [PAC, pacUrl],
    ['ProxyType', TYPE.script],
  ])
}
