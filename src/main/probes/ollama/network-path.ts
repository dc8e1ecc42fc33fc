import type { RunTool } from '../../../node/run-tool.ts'
import { HANDSHAKE_STALE_MS } from '../../../shared/state/vpn.ts'
import { vpnDetails } from '../../vpn/vpn-details.ts'
import type { Surroundings } from './surroundings.ts'

/** Where packets to an address go from this computer. */
export type NetworkPath =
  | { readonly kind: 'wireguard'; readonly device: string; readonly handshake: Handshake }
  /** The same network: the machine itself would have to answer. */
  | { readonly kind: 'neighbour'; readonly device: string; readonly isThere: boolean }
  | {
      readonly kind: 'gateway'
      readonly device: string
      readonly gateway: string
      readonly isDefault: boolean
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }

export type Handshake =
  | { readonly kind: 'fresh' | 'stale'; readonly ageMs: number }
  | { readonly kind: 'never' }
  /** Only root may see it. */
  | { readonly kind: 'hidden' }

interface Route {
  readonly device: string
  readonly gateway: string | undefined
  readonly isDefault: boolean
}

/** Never rejects; what cannot be found out is `unknown`. */
export async function networkPath(address: string, around: Surroundings): Promise<NetworkPath> {
  try {
    const route = await routeTo(address, around)
    if (route === undefined) return { kind: 'none' }
    const { device, gateway, isDefault } = route
    if (await isWireguard(device, around.run))
      return { kind: 'wireguard', device, handshake: await handshakeOf(device, around) }
    return gateway === undefined
      ? { kind: 'neighbour', device, isThere: await isThere(address, around) }
      : { kind: 'gateway', device, gateway, isDefault }
  } catch {
    // A tool that is missing or refuses: the failure itself is still told.
    return { kind: 'unknown' }
  }
}

async function routeTo(address: string, { platform, run }: Surroundings): Promise<Route | undefined> {
  if (platform === 'linux') return linuxRoute(address, run)
  if (platform === 'darwin') return macRoute(address, run)
  throw new Error(`No tool for routes is known on ${platform}.`)
}

async function linuxRoute(address: string, run: RunTool): Promise<Route | undefined> {
  const text = await run('ip', ['-o', 'route', 'get', address]).catch((error: unknown) => {
    // RTNETLINK answers: Network is unreachable, or: No route to host
    if (error instanceof Error && /unreachable|no route/i.test(error.message)) return ''
    throw error
  })
  const device = / dev (\S+)/.exec(text)?.[1]
  if (device === undefined || / unreachable | prohibit /.test(` ${text}`)) return undefined
  const gateway = / via (?:inet6? )?(\S+)/.exec(text)?.[1]
  const family = address.includes(':') ? '-6' : '-4'
  const usual = await run('ip', ['-o', family, 'route', 'show', 'default'])
  return { device, gateway, isDefault: gateway !== undefined && usual.includes(` via ${gateway} `) }
}

/** Reads `route -n get`, as route(8) of macOS prints it. */
async function macRoute(address: string, run: RunTool): Promise<Route | undefined> {
  const family = address.includes(':') ? ['-inet6'] : []
  const text = await run('route', ['-n', 'get', ...family, address])
  const fact = (name: string): string | undefined => new RegExp(`^\\s*${name}: (.+)$`, 'm').exec(text)?.[1]
  const device = fact('interface')
  if (device === undefined) return undefined
  const gateway = fact('gateway')
  const isLink = gateway === undefined || gateway.startsWith('link#') || /^[0-9a-f:]{11,17}$/.test(gateway)
  return { device, gateway: isLink ? undefined : gateway, isDefault: fact('destination') === 'default' }
}

/** Whether the machine has been seen in this network: one that is off has no hardware address. */
async function isThere(address: string, { platform, run }: Surroundings): Promise<boolean> {
  if (platform === 'linux') return / lladdr /.test(await run('ip', ['neigh', 'show', 'to', address]))
  return / at (?!\(incomplete\))/.test(await run('arp', ['-n', address]))
}

async function isWireguard(device: string, run: RunTool): Promise<boolean> {
  const devices = await run('wg', ['show', 'interfaces']).catch(() => '')
  return devices.trim().split(/\s+/).includes(device) || /^wg\d*/.test(device)
}

async function handshakeOf(device: string, { now, run }: Surroundings): Promise<Handshake> {
  const details = await vpnDetails(run, 'wg', device)
  if (details.kind === 'hidden') return { kind: 'hidden' }
  if (details.handshakeAt === undefined) return { kind: 'never' }
  const ageMs = Math.max(0, now() - details.handshakeAt)
  return { kind: ageMs > HANDSHAKE_STALE_MS ? 'stale' : 'fresh', ageMs }
}
