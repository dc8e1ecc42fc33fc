import type { RunTool } from '../../node/run-tool.ts'
import { bypassList } from './bypass.ts'
import type { ProxyStore, ProxyWish, Settings, UNSET } from './proxy-store.ts'

/** What each network service has, as it is called in the commands; the order is the order of writing. */
const KINDS = ['proxybypassdomains', 'webproxy', 'securewebproxy', 'autoproxyurl'] as const
type Kind = (typeof KINDS)[number]

interface Server {
  readonly on: boolean
  readonly server: string
  readonly port: number
  /** With a user and a password, which cannot be read and so could not be put back. */
  readonly hasPassword: boolean
}

interface Script {
  readonly on: boolean
  readonly url: string
}

interface Service {
  readonly name: string
  readonly isActive: boolean
}

/** The network services of macOS, by networksetup(8). A setting is called `webproxy Wi-Fi`; its value is JSON. */
export function macStore(run: RunTool): ProxyStore {
  const networksetup = (...args: string[]): Promise<string> => run('networksetup', args)
  let active: ReadonlySet<string> = new Set()
  return {
    system: 'macos',
    read: async () => {
      const services = parseServices(await networksetup('-listallnetworkservices'))
      active = new Set(services.filter(({ isActive }) => isActive).map(({ name }) => name))
      const settings = new Map<string, string>()
      for (const service of services) await readService(networksetup, service, settings)
      return settings
    },
    wanted: (proxy, now) => new Map([...active].flatMap((service) => [...wantedOf(service, proxy, now)])),
    write: async (name, value) => {
      const [kind, service] = split(name)
      for (const args of commands(kind, service, value))
        await networksetup(...args.words).catch((error: unknown) => {
          if (!args.mayFail) throw error
        })
    },
    dependsOn: (name) => {
      const [kind, service] = split(name)
      // A script comes before a proxy, so it would take the place of one that somebody has put in since.
      return kind === 'autoproxyurl' ? [`webproxy ${service}`, `securewebproxy ${service}`] : []
    },
    isLoose: (name) => name.startsWith('proxybypassdomains '),
    // The settings service tells everybody by itself.
    announce: async () => undefined,
  }
}

type NetworkSetup = (...args: string[]) => Promise<string>

async function readService(
  networksetup: NetworkSetup,
  { isActive, name }: Service,
  into: Map<string, string>,
): Promise<void> {
  for (const kind of KINDS) {
    try {
      into.set(`${kind} ${name}`, JSON.stringify(parse(kind, await networksetup(`-get${kind}`, name))))
    } catch (error) {
      // Nobody gets out by a service that is switched off.
      if (isActive) throw error
    }
  }
}

/** The first line explains the star that services have which are switched off. */
function parseServices(text: string): readonly Service[] {
  return lines(text)
    .slice(1)
    .map((line) => ({ name: line.replace(/^\*/, ''), isActive: !line.startsWith('*') }))
}

function parse(kind: Kind, text: string): Server | Script | readonly string[] {
  // "There aren't any bypass domains set on Wi-Fi."
  if (kind === 'proxybypassdomains') return lines(text).filter((line) => !line.includes(' '))
  const fields = new Map(
    lines(text).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const field = (name: string): string => (fields.get(name) ?? '').replace(/^\(null\)$/, '')
  const on = field('Enabled') === 'Yes'
  if (kind === 'autoproxyurl') return { on, url: field('URL') }
  const hasPassword = field('Authenticated Proxy Enabled') === '1'
  return { on, server: field('Server'), port: Number(field('Port')), hasPassword }
}

function lines(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '')
}

function wantedOf(service: string, { bypass, host, pacUrl, port }: ProxyWish, now: Settings): Settings {
  const wanted = new Map<string, unknown>()
  const serverOf = (kind: Kind): Server => JSON.parse(now.get(`${kind} ${service}`) ?? '{}') as Server
  if (pacUrl !== undefined) {
    for (const kind of ['webproxy', 'securewebproxy'] as const)
      wanted.set(kind, { ...serverOf(kind), on: false })
    wanted.set('autoproxyurl', { on: true, url: pacUrl })
  } else if (!serverOf('webproxy').hasPassword && !serverOf('securewebproxy').hasPassword) {
    const server: Server = { on: true, server: host, port, hasPassword: false }
    wanted.set('proxybypassdomains', bypassList(bypass))
    wanted.set('webproxy', server)
    wanted.set('securewebproxy', server)
    const script = JSON.parse(now.get(`autoproxyurl ${service}`) ?? '{}') as Script
    wanted.set('autoproxyurl', { ...script, on: false })
  }
  return new Map([...wanted].map(([kind, value]) => [`${kind} ${service}`, JSON.stringify(value)]))
}

interface Call {
  readonly words: readonly string[]
  readonly mayFail?: boolean
}

function commands(kind: Kind, service: string, value: string | typeof UNSET): readonly Call[] {
  const parsed: unknown = JSON.parse(value ?? '[]')
  if (kind === 'proxybypassdomains') {
    const domains = parsed as readonly string[]
    // The word for none is in networksetup(8).
    return [{ words: [`-set${kind}`, service, ...(domains.length === 0 ? ['Empty'] : domains)] }]
  }
  const { on } = parsed as { readonly on: boolean }
  const state = kind === 'autoproxyurl' ? 'autoproxystate' : `${kind}state`
  const address = addressOf(kind, parsed as Server & Script)
  return [
    // Setting an address switches it on as well, so the state comes last. Some versions do not take an empty address.
    ...(address.words === undefined
      ? []
      : [{ words: [`-set${kind}`, service, ...address.words], mayFail: address.isEmpty }]),
    { words: [`-set${state}`, service, on ? 'on' : 'off'] },
  ]
}

function addressOf(
  kind: Kind,
  { hasPassword, port, server, url }: Server & Script,
): { readonly words?: readonly string[]; readonly isEmpty: boolean } {
  if (kind === 'autoproxyurl') return { words: [url], isEmpty: url === '' }
  // Its user and password would be lost; only its state is ever changed.
  return hasPassword ? { isEmpty: false } : { words: [server, String(port)], isEmpty: server === '' }
}

function split(name: string): readonly [Kind, string] {
  const at = name.indexOf(' ')
  return [name.slice(0, at) as Kind, name.slice(at + 1)]
}
