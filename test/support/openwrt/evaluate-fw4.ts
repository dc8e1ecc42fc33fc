import { contains, networkOf } from '../../../src/perimeter/file/network.ts'
import type { Perimeter } from '../../../src/perimeter/file/schema.ts'
import type { Cell, Place, Verdict } from '../../../src/perimeter/policy/cell.ts'
import type { UciConfigs, UciSection } from './parse-uci.ts'

/** A packet that begins a connection. */
interface Packet {
  readonly family: 4 | 6
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  readonly port?: number
  readonly icmpType?: string
  readonly source?: string | undefined
  readonly destination?: string | undefined
}

/**
 * Answers a question of the matrix from the configuration of a router, as firewall4 understands it: the rules of the
 * zone that a packet comes from in their order, then forwardings, then the zone's own policy. Undefined for what no
 * router decides, because both machines are on one switch.
 */
export function evaluateCell(configs: UciConfigs, perimeter: Perimeter, cell: Cell): Verdict | undefined {
  const { from, to } = cell
  const world = new World(configs, perimeter)
  if (from === to) return 'allowed'
  const [source, target] = [world.zoneOf(from), world.zoneOf(to)]
  if (source !== undefined && source === target && source === 'lan') return world.inOneSwitch(from, to)
  const hasWay = [from, to].every((place) => world.isThere(place, cell.family))
  const packet: Packet = {
    family: cell.family,
    protocol: cell.protocol,
    port: cell.port,
    source: world.addressOf(from, cell.family),
    destination: world.addressOf(to, cell.family),
  }
  return hasWay && world.passes(packet, source, target) ? 'allowed' : 'denied'
}

class World {
  private readonly perimeter: Perimeter
  private readonly configs: UciConfigs
  constructor(configs: UciConfigs, perimeter: Perimeter) {
    this.configs = configs
    this.perimeter = perimeter
  }

  /** The name of a zone; undefined for the router itself, and for what is in none. */
  zoneOf(place: Place): string | undefined {
    const network = {
      internet: 'wan',
      isp: 'wan',
      lan: 'lan',
      admin: 'lan',
      vpn: this.perimeter.wireguard?.interface,
      peer: this.perimeter.wireguard?.interface,
      server: this.serverNetwork(),
      router: undefined,
    }[place]
    if (network === undefined) return undefined
    return this.sections('firewall', 'zone')
      .filter((zone) => list(zone, 'network').includes(network))
      .map((zone) => text(zone, 'name'))[0]
  }

  /** The interface whose network the server's address is in, where its device is there too. */
  private serverNetwork(): string | undefined {
    const { address } = this.perimeter.server
    const devices = this.sections('network', 'device').map((device) => text(device, 'name'))
    return this.sections('network', 'interface').find((one) => {
      const [ip, mask] = [text(one, 'ipaddr'), text(one, 'netmask')]
      if (ip === undefined || mask === undefined || !devices.includes(text(one, 'device'))) return false
      const prefix = mask
        .split('.')
        .reduce((sum, part) => sum + Number(part).toString(2).replaceAll('0', '').length, 0)
      return contains(networkOf(`${ip}/${prefix}`), address)
    })?.name
  }

  /** Whether packets of the place get as far as the router, and answers back. */
  isThere(place: Place, family: 4 | 6): boolean {
    if (place === 'vpn' || place === 'peer') return this.hasTunnel(place)
    if (place !== 'server') return true
    const zone = this.zoneOf('server')
    if (zone === undefined || !this.hasLease(zone)) return false
    // Without neighbour discovery nobody finds anybody.
    const source = this.perimeter.server.address6
    const asks: Packet = { family: 6, protocol: 'icmp', icmpType: 'neighbour-solicitation', source }
    return family === 4 || this.passes(asks, zone, undefined)
  }

  /** A server with a hardware address in the file gets its address from the router, and from nowhere else. */
  private hasLease(zone: string): boolean {
    const { address, mac } = this.perimeter.server
    if (mac === undefined) return true
    const isServed = this.sections('dhcp', 'dhcp').some((one) => {
      const network = text(one, 'interface') ?? ''
      const members = this.sections('firewall', 'zone').find((each) => text(each, 'name') === zone)
      return members !== undefined && list(members, 'network').includes(network)
    })
    return isServed && this.sections('dhcp', 'host').some((host) => text(host, 'ip') === address)
  }

  private hasTunnel(place: 'vpn' | 'peer'): boolean {
    const { peers, wireguard } = this.perimeter
    const owner = peers[place === 'vpn' ? 0 : 1]
    if (wireguard === undefined || owner === undefined) return false
    const { interface: name, port } = wireguard
    const here = this.sections('network', 'interface').find((one) => one.name === name)
    const isKnown = this.sections('network', `wireguard_${name}`).some(
      (one) =>
        text(one, 'public_key') === owner.publicKey &&
        list(one, 'allowed_ips').includes(`${owner.address}/32`),
    )
    const handshake: Packet = { family: 4, protocol: 'udp', port }
    return text(here, 'listen_port') === String(port) && isKnown && this.passes(handshake, 'wan', undefined)
  }

  /** Whether a switch carries something between two of its ports. */
  inOneSwitch(from: Place, to: Place): Verdict | undefined {
    const { isolation } = this.perimeter.server
    if (from !== 'server' && to !== 'server') return undefined
    if (isolation.kind !== 'port') return undefined
    const isolated = this.sections('network', 'device')
      .filter((device) => text(device, 'isolate') === '1')
      .map((device) => text(device, 'name'))
    return [isolation.port, ...isolation.others].every((port) => isolated.includes(port))
      ? 'denied'
      : 'allowed'
  }

  addressOf(place: Place, family: 4 | 6): string | undefined {
    const { admins, peers, server } = this.perimeter
    const of = (one: { address: string; address6?: string | undefined } | undefined) =>
      family === 4 ? one?.address : one?.address6
    if (place === 'server') return of(server)
    if (place === 'vpn' || place === 'peer') return of(peers[place === 'vpn' ? 0 : 1])
    return place === 'admin' && family === 4 ? admins[0] : undefined
  }

  /** @param to undefined for the router itself. */
  passes(packet: Packet, from: string | undefined, to: string | undefined): boolean {
    const leads = (dest: string | undefined) => dest === to || (dest === '*' && to !== undefined)
    const rule = this.sections('firewall', 'rule').find(
      (one) => text(one, 'src') === from && leads(text(one, 'dest')) && matches(one, packet),
    )
    if (rule !== undefined) return text(rule, 'target') === 'ACCEPT'
    const zone = this.sections('firewall', 'zone').find((one) => text(one, 'name') === from)
    const defaults = this.sections('firewall', 'defaults')[0]
    // What comes in by an interface of no zone gets the defaults.
    if (to === undefined) return text(zone ?? defaults, 'input') === 'ACCEPT'
    const isForwarded = this.sections('firewall', 'forwarding').some(
      (one) => text(one, 'src') === from && text(one, 'dest') === to,
    )
    if (isForwarded) return true
    return text(from === to ? zone : defaults, 'forward') === 'ACCEPT'
  }

  private sections(config: string, type: string): UciSection[] {
    return this.configs.get(config)?.filter((section) => section.type === type) ?? []
  }
}

function matches(
  rule: UciSection,
  { destination, family, icmpType, port, protocol, source }: Packet,
): boolean {
  const within = (key: string, address: string | undefined) => {
    const wanted = list(rule, key)
    if (wanted.length === 0) return true
    if (address === undefined) return false
    return wanted.some((one) =>
      contains(networkOf(one.includes('/') ? one : `${one}/${family === 4 ? 32 : 128}`), address),
    )
  }
  // Without a word about it firewall4 means both.
  const protocols = list(rule, 'proto').length === 0 ? ['tcp', 'udp'] : list(rule, 'proto')
  const ports = list(rule, 'dest_port').flatMap((one) => one.split(' '))
  const types = list(rule, 'icmp_type')
  return (
    (text(rule, 'family') ?? `ipv${family}`) === `ipv${family}` &&
    (protocols.includes('all') || protocols.includes(protocol)) &&
    (ports.length === 0 || ports.includes(String(port))) &&
    (types.length === 0 || types.includes(icmpType ?? '')) &&
    within('src_ip', source) &&
    within('dest_ip', destination)
  )
}

function text(section: UciSection | undefined, option: string): string | undefined {
  const value = section?.options.get(option)
  return typeof value === 'string' ? value : undefined
}

function list(section: UciSection, option: string): string[] {
  const value = section.options.get(option)
  return value === undefined ? [] : [value].flat()
}
