import type { RunTool } from '../../node/run-tool.ts'
import { bypassList } from './bypass.ts'
import type { ProxyStore, ProxyWish, Settings } from './proxy-store.ts'

const ROOT = 'org.gnome.system.proxy'
const IGNORE = `${ROOT} ignore-hosts`
const MODE = `${ROOT} mode`
const PAC = `${ROOT} autoconfig-url`
const HTTP = `${ROOT}.http host`
const HTTPS = `${ROOT}.https host`
/** Schema and key; the values are GVariant texts, so that what was read can be written back letter by letter. */
const SETTINGS = [
  IGNORE,
  `${ROOT}.http port`,
  `${ROOT}.http use-authentication`,
  HTTP,
  `${ROOT}.https port`,
  HTTPS,
  `${ROOT}.socks host`,
  PAC,
  MODE,
] as const

/** GNOME and the desktops that use its settings: https://gitlab.gnome.org/GNOME/gsettings-desktop-schemas */
export function gnomeStore(run: RunTool): ProxyStore {
  const gsettings = (verb: string, name: string, ...value: string[]): Promise<string> =>
    run('gsettings', [verb, ...name.split(' '), ...value])
  return {
    system: 'gnome',
    read: async () => {
      const read = new Map<string, string>()
      for (const name of SETTINGS) read.set(name, (await gsettings('get', name)).trim())
      return read
    },
    wanted: (proxy) => (proxy.pacUrl === undefined ? manual(proxy) : automatic(proxy.pacUrl)),
    write: async (name, value) => {
      await (value === null ? gsettings('reset', name) : gsettings('set', name, value))
    },
    dependsOn: (name) => (name === MODE ? [HTTP, HTTPS, PAC] : []),
    isLoose: (name) => name === IGNORE,
    // The settings service tells everybody by itself.
    announce: async () => undefined,
  }
}

function manual({ bypass, host, port }: ProxyWish): Settings {
  const address = gvariant(host)
  return new Map([
    [IGNORE, `[${bypassList(bypass).map(gvariant).join(', ')}]`],
    [`${ROOT}.http port`, String(port)],
    // The user and password of another proxy are not for ours.
    [`${ROOT}.http use-authentication`, 'false'],
    [HTTP, address],
    [`${ROOT}.https port`, String(port)],
    [HTTPS, address],
    [`${ROOT}.socks host`, gvariant('')],
    [MODE, gvariant('manual')],
  ])
}

function automatic(pacUrl: string): Settings {
  return new Map([
    [PAC, gvariant(pacUrl)],
    [MODE, gvariant('auto')],
  ])
}

/** As g_variant_print writes a string. */
function gvariant(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  return quote + text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote
}
