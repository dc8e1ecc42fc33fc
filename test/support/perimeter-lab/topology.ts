import { ADDRESSES as A, type Scenario } from './lab-perimeter.ts'
import type { Host, World } from './world.ts'

export type HostName =
  | 'internet'
  | 'isp'
  | 'neighbour'
  | 'router'
  | 'switch'
  | 'server'
  | 'lan'
  | 'admin'
  | 'client'
  | 'peer'

export type Hosts = Readonly<Record<HostName, Host>>

const NAMES: readonly HostName[] = [
  'internet',
  'isp',
  'neighbour',
  'router',
  'switch',
  'server',
  'lan',
  'admin',
  'client',
  'peer',
]

type Family = Readonly<Record<4 | 6, string>>

/**
 * Machines and cables, without any policy yet. The ISP's router is as bad as may be: it routes private addresses from
 * the internet inwards. Nothing but the rules of our own router stands in the way.
 *
 *   internet ─┬─ isp ─┬─ router ── (switch) ─┬─ server
 *   client ───┤       └─ neighbour           ├─ lan
 *   peer ─────┘                              └─ admin
 */
export async function buildTopology(world: World, scenario: Scenario): Promise<Hosts> {
  const list = await Promise.all(NAMES.map((name) => world.addHost(name)))
  const hosts = Object.fromEntries(list.map((host) => [host.name, host])) as unknown as Hosts
  await Promise.all(list.map(({ sh }) => sh(PLAIN)))
  await layCables(hosts, scenario)
  await Promise.all([
    buildInternet(hosts),
    buildIsp(hosts),
    buildRouter(hosts, scenario),
    buildSwitch(hosts, scenario),
    ...buildLan(hosts, scenario),
  ])
  return hosts
}

/** No waiting for duplicate addresses, no bridge that asks iptables, no forwarding but where it is turned on. */
const PLAIN = `
  sysctl -q -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 \\
    net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \\
    net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0 \\
    net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  for hook in /proc/sys/net/bridge/bridge-nf-call-*; do test ! -e "$hook" || echo 0 > "$hook"; done
  ip link set lo up
`

async function layCables({ isp, internet, neighbour, router, ...hosts }: Hosts, { isolation }: Scenario) {
  const cable = (a: Host, deviceA: string, b: Host, deviceB: string) =>
    `ip link add ${deviceA} netns ${a.pid} type veth peer name ${deviceB} netns ${b.pid}`
  const { lan, admin, server, client, peer } = hosts
  const cables = [
    cable(internet, 'to-isp', isp, 'pub'),
    cable(internet, 'to-client', client, 'eth0'),
    cable(internet, 'to-peer', peer, 'eth0'),
    cable(isp, 'to-neighbour', neighbour, 'eth0'),
    cable(isp, 'to-router', router, 'wan0'),
  ]
  if (isolation === 'port')
    cables.push(
      cable(router, 'lan1', server, 'eth0'),
      cable(router, 'lan2', lan, 'eth0'),
      cable(router, 'lan3', admin, 'eth0'),
    )
  else
    cables.push(
      cable(router, 'lan0', hosts.switch, 'to-router'),
      cable(hosts.switch, 'to-server', server, 'eth0'),
      cable(hosts.switch, 'to-lan', lan, 'eth0'),
      cable(hosts.switch, 'to-admin', admin, 'eth0'),
      ...(isolation === 'vlan' ? [cable(router, 'lan0.20', hosts.switch, 'to-router.20')] : []),
    )
  await internet.sh(cables.join('\n'))
}

const address = (device: string, { 4: v4, 6: v6 }: Family) => `
  ip address replace ${v4}/24 dev ${device}
  ip address replace ${v6}/64 dev ${device} nodad
  ip link set ${device} up`

const defaultVia = ({ 4: v4, 6: v6 }: Family) => `
  ip route replace default via ${v4}
  ip -6 route replace default via ${v6}`

const bridge = (name: string, ...ports: string[]) => `
  ip link add name ${name} type bridge
  ${ports.map((port) => `ip link set ${port} master ${name}; ip link set ${port} up`).join('\n')}
  ip link set ${name} up`

/** Networks behind our router, by the prefixes that lead there. */
const BEHIND_4 = ['192.168.250.0/24', '192.168.251.0/24', '10.10.10.0/24']
const BEHIND_6 = ['2001:db8:250::/64', '2001:db8:251::/64', '2001:db8:10::/64']

const routesBehind = (via: Family, source?: Family) =>
  [
    ...BEHIND_4.map((network) => `ip route replace ${network} via ${via[4]}${sourced(source?.[4])}`),
    ...BEHIND_6.map((network) => `ip -6 route replace ${network} via ${via[6]}${sourced(source?.[6])}`),
  ].join('\n')

const sourced = (address: string | undefined) => (address === undefined ? '' : ` src ${address}`)

/** Answers come from the address that was asked, also those to datagrams. */
async function buildInternet({ internet, client, peer }: Hosts): Promise<void> {
  await internet.sh(`
    ${bridge('br0', 'to-isp', 'to-client', 'to-peer')}
    ${address('br0', A.backbone)}
    ip address add ${A.internet[4]}/32 dev lo
    ip address add ${A.internet[6]}/128 dev lo nodad
    ${routesBehind(A.ispOutside, A.internet)}
    ip route replace 203.0.113.0/24 dev br0 src ${A.internet[4]}
    ip -6 route replace 2001:db8:1::/64 dev br0 src ${A.internet[6]} metric 100
    ip route add 192.168.2.0/24 via ${A.ispOutside[4]} src ${A.internet[4]}
    ip -6 route add 2001:db8:2::/64 via ${A.ispOutside[6]} src ${A.internet[6]}`)
  await client.sh(address('eth0', A.clientOutside))
  await peer.sh(address('eth0', A.peerOutside))
}

/** New connections from inside leave with the address of the ISP's customer, and only of those that it knows. */
const ISP_RULES = `
table inet isp {
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname "home" ip saddr != 192.168.2.0/24 ct state new drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${A.ispOutside[4]} udp dport 51820 dnat ip to ${A.routerWan[4]}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    iifname "home" oifname "pub" meta nfproto ipv4 masquerade
  }
}
`

/** Also after a restart, which forgets whatever it was forwarding. */
export const ISP_START = `
  nft -f - <<'RULES'
${ISP_RULES}
RULES`

async function buildIsp({ isp, neighbour }: Hosts): Promise<void> {
  await isp.sh(`
    ${bridge('home', 'to-router', 'to-neighbour')}
    ${address('home', A.ispInside)}
    ${address('pub', A.ispOutside)}
    ip route add ${A.internet[4]}/32 via ${A.backbone[4]}
    ip -6 route add ${A.internet[6]}/128 via ${A.backbone[6]}
    ${routesBehind(A.routerWan)}
    ${ISP_START}
    sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`)
  await neighbour.sh(
    `${address('eth0', A.neighbour)}${defaultVia(A.ispInside)}\n${routesBehind(A.routerWan)}`,
  )
}

/** What the system of the router does at each start: interfaces, addresses, routes. */
export function routerInterfaces({ isolation }: Scenario): string {
  const lan = isolation === 'port' ? 'br-lan' : 'lan0'
  return `
    ${isolation === 'port' ? bridge('br-lan', 'lan1', 'lan2', 'lan3') : ''}
    ${address(lan, A.routerLan)}
    ${isolation === 'vlan' ? address('lan0.20', A.routerVlan) : ''}
    ${address('wan0', A.routerWan)}
    ${defaultVia(A.ispInside)}`
}

async function buildRouter({ router }: Hosts, scenario: Scenario): Promise<void> {
  await router.sh(routerInterfaces(scenario))
}

/** A VLAN is two switches in one: the lab has one bridge for each. */
async function buildSwitch(hosts: Hosts, { isolation }: Scenario): Promise<void> {
  if (isolation === 'port') return
  const server = isolation === 'vlan' ? [] : ['to-server']
  await hosts.switch.sh(`
    ${bridge('sw0', 'to-router', 'to-lan', 'to-admin', ...server)}
    ${isolation === 'vlan' ? bridge('sw20', 'to-router.20', 'to-server') : ''}`)
}

function buildLan({ server, lan, admin }: Hosts, { isolation }: Scenario): Promise<unknown>[] {
  const [own, gateway] = isolation === 'vlan' ? [A.serverVlan, A.routerVlan] : [A.server, A.routerLan]
  return [
    server.sh(`${address('eth0', own)}${defaultVia(gateway)}`),
    lan.sh(`${address('eth0', A.lan)}${defaultVia(A.routerLan)}`),
    admin.sh(`${address('eth0', A.admin)}${defaultVia(A.routerLan)}`),
  ]
}

/**
 * Tells the server and its neighbours each other's hardware addresses. Who has taken a machine over does not need to
 * be told, so a policy must not rest on nobody answering the question for them.
 */
export async function introduceNeighbours(
  { server, lan, admin }: Hosts,
  { isolation }: Scenario,
): Promise<void> {
  if (isolation === 'vlan') return
  const macOf = async ({ sh }: Host) => /link\/ether (\S+)/.exec(await sh('ip -o link show eth0'))?.[1] ?? ''
  const know = ({ sh }: Host, { 4: v4, 6: v6 }: Family, mac: string) =>
    sh(`ip neigh replace ${v4} lladdr ${mac} dev eth0 nud permanent
        ip neigh replace ${v6} lladdr ${mac} dev eth0 nud permanent`)
  const [ofServer, ofLan, ofAdmin] = [await macOf(server), await macOf(lan), await macOf(admin)]
  await Promise.all([
    know(server, A.lan, ofLan),
    know(server, A.admin, ofAdmin),
    know(lan, A.server, ofServer),
    know(admin, A.server, ofServer),
  ])
}
