import type { Perimeter } from '../../../src/perimeter/file/schema.ts'
import type { Cell, CellResult, Place } from '../../../src/perimeter/policy/cell.ts'
import type { Arrival, Probe, ProbeOutcome } from './agent-protocol.ts'
import { ADDRESSES as A } from './lab-perimeter.ts'
import type { HostName, Hosts } from './topology.ts'
import type { Host } from './world.ts'

export interface Waits {
  /** How long a packet that may not arrive is waited for. */
  readonly deniedMs: number
  /** After this, a packet that should have arrived is given up. */
  readonly allowedMs: number
}

/** Far more than a packet takes inside one machine; one TCP repetition of it (after 1 s) included. */
export const THOROUGH: Waits = { deniedMs: 1_400, allowedMs: 8_000 }
/** For the many runs with broken rules: what goes wrong there goes wrong at once. */
export const QUICK: Waits = { deniedMs: 500, allowedMs: 900 }

export const HOST_OF: Readonly<Record<Place, HostName>> = {
  internet: 'internet',
  isp: 'neighbour',
  router: 'router',
  server: 'server',
  lan: 'lan',
  admin: 'admin',
  vpn: 'client',
  peer: 'peer',
}

/** Counts packets that got past every rule of a machine, before any program is asked; keyed by the sender's port. */
const SNIFFER = ['tcp', 'udp']
  .map(
    (protocol) => `
  set seen_${protocol} { type inet_service . inet_service; flags dynamic; size 65535; }`,
  )
  .join('')

export const SNIFFER_RULES = `
table inet lab_sniffer
delete table inet lab_sniffer
table inet lab_sniffer {${SNIFFER}
  chain input {
    type filter hook input priority 300; policy accept;
    meta l4proto tcp add @seen_tcp { tcp sport . tcp dport }
    meta l4proto udp add @seen_udp { udp sport . udp dport }
  }
}
`

/** Every port that a packet of the lab comes from is used once. */
const FIRST_PORT = 20_000
const LAST_PORT = 46_000
/** Failures of the sender itself: they say nothing about what lies between. */
const OWN_FAULTS = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EADDRINUSE', 'EINVAL', 'ENETDOWN']

interface Sent {
  readonly cell: Cell
  readonly probe: Probe
  outcome?: ProbeOutcome
}

/** Tries cells with real packets and looks for them at every machine of the lab. */
export class Judge {
  private readonly perimeter: Perimeter
  /** Those that are meant by some cell; what the ISP's own router takes in is not ours to judge. */
  private readonly places: readonly Host[]
  private nextPort = FIRST_PORT
  private nextToken = 1

  constructor(hosts: Hosts, perimeter: Perimeter) {
    this.perimeter = perimeter
    this.places = [...new Set(Object.values(HOST_OF))].map((name) => hosts[name])
  }

  /** Opens whatever a cell looks for, and makes sure that all of it answers. */
  async prepare(cells: readonly Cell[]): Promise<void> {
    await Promise.all(
      this.places.map(async (host) => {
        const { code, stderr } = await host.run(['nft', '-f', '-'], SNIFFER_RULES)
        if (code !== 0) throw new Error(`The sniffer of "${host.name}" does not start: ${stderr}`)
        await host.listen(this.portsOf(host.name as HostName, cells))
      }),
    )
    await this.checkListeners(cells)
  }

  /** A packet to itself for each listener; one that is dead would make every denial look right. */
  async checkListeners(cells: readonly Cell[]): Promise<void> {
    await Promise.all(
      this.places.map(async (host) => {
        const { tcp, udp, http } = this.portsOf(host.name as HostName, cells)
        const probes = ['127.0.0.1', '::1'].flatMap((address) => [
          ...tcp.map((port) => this.probe({ protocol: 'tcp', port, address, timeoutMs: 8_000 })),
          ...http.map((port) => this.probe({ protocol: 'tcp', port, address, timeoutMs: 8_000, http: true })),
          ...udp.map((port) => this.probe({ protocol: 'udp', port, address, timeoutMs: 8_000 })),
        ])
        const dead = (await host.probe(probes)).findIndex(({ kind }) => kind !== 'answered')
        const { protocol, port, address } = probes[dead] ?? {}
        if (dead >= 0)
          throw new Error(`"${host.name}" does not answer itself at ${address} ${protocol}/${port}.`)
      }),
    )
  }

  async try(cells: readonly Cell[], waits: Waits = THOROUGH): Promise<CellResult[]> {
    const all = this.places
    await Promise.all(all.flatMap((host) => [host.arrivals(), host.sh(FORGET)] as Promise<unknown>[]))
    const sent = cells.flatMap((cell) => this.probesOf(cell, waits).map((probe): Sent => ({ cell, probe })))
    await Promise.all(all.map((host) => this.send(host, sent)))
    const seen = new Map<string, string[]>()
    await Promise.all(all.map((host) => this.look(host, sent, seen)))
    return cells.map((cell) =>
      judged(
        cell,
        sent.filter((each) => each.cell === cell),
        seen,
        this.isWireguard(cell),
      ),
    )
  }

  private async send(host: Host, sent: readonly Sent[]): Promise<void> {
    const own = sent.filter(({ cell }) => HOST_OF[cell.from] === host.name)
    const outcomes = await host.probe(own.map(({ probe }) => probe))
    for (const [index, each] of own.entries()) {
      const outcome = outcomes[index]
      if (outcome === undefined) continue
      each.outcome = outcome
      if (OWN_FAULTS.includes(outcome.detail ?? ''))
        throw new Error(
          `"${host.name}" could not send ${each.cell.id} to ${each.probe.address}: ${outcome.detail}`,
        )
    }
  }

  /** Notes the tokens that arrived at a machine, and the packets that got past its rules. */
  private async look(host: Host, sent: readonly Sent[], seen: Map<string, string[]>): Promise<void> {
    const note = (token: string, how: string) =>
      seen.set(token, [...new Set([...(seen.get(token) ?? []), how])])
    const listed = (await host.arrivals()) as Arrival[]
    for (const { token, via, port, from } of listed)
      note(token, `${via}/${port} of ${host.name} from ${from}`)
    const sniffed = sniffedPairs(await host.sh('nft -j list table inet lab_sniffer'))
    for (const { probe } of sent)
      if (sniffed.has(`${probe.protocol} ${probe.localPort} ${probe.port}`))
        note(probe.token, `a packet past the rules of ${host.name}`)
  }

  private probesOf(cell: Cell, waits: Waits): Probe[] {
    const addresses = this.targetsOf(cell)
    // What is allowed is so at the nearest address; what is denied is denied at all of them.
    const tried = cell.expected === 'allowed' ? addresses.slice(0, 1) : addresses
    return tried.map((address) =>
      this.probe({
        protocol: cell.protocol,
        port: cell.port,
        address,
        timeoutMs: cell.expected === 'denied' || this.isWireguard(cell) ? waits.deniedMs : waits.allowedMs,
        http: cell.to === 'server' && cell.port === this.perimeter.server.port && cell.protocol === 'tcp',
      }),
    )
  }

  private probe(wanted: Omit<Probe, 'localPort' | 'token' | 'http'> & { http?: boolean }): Probe {
    const localPort = this.nextPort
    this.nextPort = localPort === LAST_PORT ? FIRST_PORT : localPort + 1
    return { http: false, ...wanted, localPort, token: `token-${(this.nextToken++).toString(36)}` }
  }

  /** Addresses by which the place can be meant, the nearest first. */
  private targetsOf({ from, to, family, port, protocol }: Cell): string[] {
    const isVlan = this.perimeter.server.isolation.kind === 'vlan'
    switch (to) {
      case 'internet':
        return [A.internet[family]]
      case 'server':
        return from === 'server' ? [LOOPBACK[family]] : [(isVlan ? A.serverVlan : A.server)[family]]
      case 'lan':
      case 'admin':
      case 'peer':
        return [A[to][family]]
      case 'vpn':
        return [A.client[family]]
      case 'isp':
        return [A.neighbour[family]]
      case 'router':
        return this.routerAddresses(from, family, this.isWireguard({ to, port, protocol }))
    }
  }

  private routerAddresses(from: Place, family: 4 | 6, isWireguard: boolean): string[] {
    const { server, options } = this.perimeter
    const [wan, lan, vpn] = [A.routerWan[family], A.routerLan[family], A.routerVpn[family]]
    const inVpn = options.lanOnly ? [] : [vpn]
    const vlan = server.isolation.kind === 'vlan' ? [A.routerVlan[family]] : []
    switch (from) {
      case 'internet': {
        // What the ISP's router forwards is meant by its own address.
        const outside = family === 4 ? [A.ispOutside[4]] : []
        return isWireguard ? [...outside, wan] : [wan, ...outside, lan, ...vlan, ...inVpn]
      }
      case 'isp':
        return [wan, lan, ...vlan, ...inVpn]
      case 'vpn':
      case 'peer':
        return [vpn, lan, ...vlan, wan]
      case 'server':
        return [...vlan, lan, wan, ...inVpn]
      case 'router':
        return [LOOPBACK[family]]
      case 'lan':
      case 'admin':
        return [lan]
    }
  }

  /** WireGuard answers nobody without a key: its packets count as they come in. */
  private isWireguard({ to, protocol, port }: Pick<Cell, 'to' | 'protocol' | 'port'>): boolean {
    return to === 'router' && protocol === 'udp' && port === this.perimeter.wireguard?.port
  }

  private portsOf(name: HostName, cells: readonly Cell[]): { tcp: number[]; udp: number[]; http: number[] } {
    const own = cells.filter(({ to }) => HOST_OF[to] === name)
    const ports = (protocol: 'tcp' | 'udp') => [
      ...new Set(
        own.filter((cell) => cell.protocol === protocol && !this.isWireguard(cell)).map(({ port }) => port),
      ),
    ]
    const http = name === 'server' ? [this.perimeter.server.port] : []
    return { tcp: ports('tcp').filter((port) => !http.includes(port)), udp: ports('udp'), http }
  }
}

const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const

/** What was learnt about neighbours hides a rule that lets nobody learn it. */
const FORGET =
  'ip neigh flush all; ip -6 neigh flush all; nft flush set inet lab_sniffer seen_tcp; nft flush set inet lab_sniffer seen_udp'

function sniffedPairs(json: string): Set<string> {
  const pairs = new Set<string>()
  const { nftables } = JSON.parse(json) as { nftables: { set?: { name: string; elem?: unknown[] } }[] }
  for (const { set } of nftables)
    for (const element of set?.elem ?? []) {
      const { concat } = element as { concat?: number[] }
      if (concat !== undefined) pairs.add(`${set?.name.replace('seen_', '')} ${concat[0]} ${concat[1]}`)
    }
  return pairs
}

function judged(
  cell: Cell,
  sent: readonly Sent[],
  seen: Map<string, string[]>,
  isWireguard: boolean,
): CellResult {
  const tries = sent.map(({ probe, outcome }) => ({ probe, outcome, arrived: seen.get(probe.token) ?? [] }))
  const hit = tries.find(({ arrived }) => arrived.length > 0)
  const answered = tries.find(({ outcome, arrived }) => outcome?.kind === 'answered' && arrived.length > 0)
  const said = (outcome: ProbeOutcome | undefined) =>
    outcome === undefined || outcome.kind === 'silent'
      ? `silent for ${((outcome?.ms ?? 0) / 1000).toFixed(1)} s`
      : `${outcome.kind} ${outcome.detail === undefined ? '' : `(${outcome.detail}) `}in ${outcome.ms.toFixed(0)} ms`
  if (cell.expected === 'denied')
    return hit === undefined
      ? {
          cell,
          verdict: 'denied',
          evidence: tries
            .map(({ probe, outcome }) => `${probe.address}: ${said(outcome)}; nothing arrived`)
            .join(', '),
        }
      : {
          cell,
          verdict: 'allowed',
          evidence: `${hit.probe.address}: ARRIVED at ${hit.arrived.join(' and ')}`,
        }
  const one = answered ?? tries[0]
  const arrived = one?.arrived ?? []
  if (arrived.length > 0 && (isWireguard || answered !== undefined))
    return {
      cell,
      verdict: 'allowed',
      evidence: `${one?.probe.address}: ${isWireguard ? 'arrived' : said(one?.outcome)}; ${arrived.join(' and ')}`,
    }
  const lost =
    arrived.length > 0 ? `it arrived at ${arrived.join(' and ')}, the answer got lost` : 'nothing arrived'
  return { cell, verdict: 'denied', evidence: `${one?.probe.address}: ${said(one?.outcome)}; ${lost}` }
}
