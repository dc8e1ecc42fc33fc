import type { Perimeter } from '../file/schema.ts'
import type { Cell, Place } from './cell.ts'

/** A port that no policy names; a fixed one, so that a cell keeps its name. */
export const UNNAMED_PORT = 47_321

const SSH = 22
const DNS = 53
const DHCP = 67
/** Keys of IPsec, which OpenWrt lets through to the LAN unless told. */
const IKE = 500
const HTTP = 80
const HTTPS = 443
/** Where WireGuard listens unless told; closed where there is no VPN. */
const WIREGUARD = 51_820
/** Where Ollama listens unless told; tried beside the port of the file. */
const OLLAMA = 11_434

interface Ports {
  readonly tcp?: readonly number[]
  readonly udp?: readonly number[]
}

/** One line of the policy between two places. */
interface Line {
  readonly from: Place
  readonly to: Place
  readonly expected: Cell['expected']
  readonly policy: string
  readonly ports: Ports
  /** Both unless told, as far as both places have addresses of it. */
  readonly families?: readonly (4 | 6)[]
}

/**
 * Every question of the firewall matrix with the answer of the policy. It is written from the policy itself and not
 * from the rules, so that the two can contradict each other.
 */
export function cellsOf(perimeter: Perimeter): readonly Cell[] {
  const lines = [
    ...fromWan(perimeter),
    ...fromVpn(perimeter),
    ...fromServer(perimeter),
    ...fromAdmins(perimeter),
    ...fromLan(perimeter),
    ...toItself(),
  ]
  return lines.flatMap((line) => cellsOfLine(line, perimeter))
}

function cellsOfLine(line: Line, perimeter: Perimeter): Cell[] {
  const { from, to, expected, policy, ports, families = [4, 6] } = line
  const questions = (['tcp', 'udp'] as const).flatMap((protocol) =>
    [...new Set(ports[protocol])].map((port) => ({ protocol, port })),
  )
  return families
    .filter((family) => family === 4 || (hasIpv6(from, perimeter) && hasIpv6(to, perimeter)))
    .flatMap((family) =>
      questions.map(({ protocol, port }) => ({
        id: `${from}>${to}/${protocol}/${port}/${family}`,
        from,
        to,
        protocol,
        port,
        family,
        expected,
        policy,
      })),
    )
}

/** The internet has it; whether it can ask for a machine depends on the machine. */
function hasIpv6(place: Place, { router, server, wireguard, peers }: Perimeter): boolean {
  switch (place) {
    case 'internet':
    case 'isp':
      return true
    case 'router':
    case 'lan':
    case 'admin':
      return router.lan.address6 !== undefined
    case 'server':
      return server.address6 !== undefined
    case 'vpn':
    case 'peer':
      return wireguard?.address6 !== undefined && peers.every(({ address6 }) => address6 !== undefined)
  }
}

function hasVpn({ options, wireguard }: Perimeter): boolean {
  return !options.lanOnly && wireguard !== undefined
}

/** The ports that somebody would try first, and one that nobody would. */
function usual({ server }: Perimeter): readonly number[] {
  return [SSH, HTTP, HTTPS, OLLAMA, server.port, UNNAMED_PORT]
}

/** WAN → any: denied, but for the port of WireGuard. */
function fromWan(perimeter: Perimeter): Line[] {
  const { server, wireguard } = perimeter
  const policy = 'WAN to any: denied but for WireGuard'
  const denied = (from: Place, to: Place, ports: Ports): Line => ({
    from,
    to,
    expected: 'denied',
    policy,
    ports,
  })
  return (['internet', 'isp'] as const).flatMap((from) => [
    denied(from, 'router', { tcp: [DNS, ...usual(perimeter)], udp: [DNS, DHCP, UNNAMED_PORT] }),
    {
      from,
      to: 'router',
      expected: hasVpn(perimeter) ? 'allowed' : 'denied',
      policy: hasVpn(perimeter) ? 'WAN to WireGuard: allowed' : policy,
      ports: { udp: [wireguard?.port ?? WIREGUARD] },
    },
    denied(from, 'server', { tcp: usual(perimeter), udp: [server.port, UNNAMED_PORT] }),
    denied(from, 'lan', { tcp: [SSH, HTTP, UNNAMED_PORT], udp: [DNS, IKE, UNNAMED_PORT] }),
    ...(hasVpn(perimeter)
      ? [denied(from, 'vpn', { tcp: [SSH, HTTP, UNNAMED_PORT], udp: [DNS, UNNAMED_PORT] })]
      : []),
  ])
}

/** A peer reaches the server's port, and nothing else anywhere. */
function fromVpn(perimeter: Perimeter): Line[] {
  if (!hasVpn(perimeter)) return []
  const { options, server, wireguard } = perimeter
  const named = options.sshFromVpn ? [server.port, SSH] : [server.port]
  const denied = (to: Place, policy: string, ports: Ports): Line => ({
    from: 'vpn',
    to,
    expected: 'denied',
    policy,
    ports,
  })
  const toServer = 'VPN to server: the port of Ollama only'
  const allowed = { to: 'server', expected: 'allowed', ports: { tcp: [server.port] } } as const
  return [
    { ...allowed, from: 'vpn', policy: toServer },
    { ...allowed, from: 'peer', policy: toServer },
    {
      from: 'vpn',
      to: 'server',
      expected: options.sshFromVpn ? 'allowed' : 'denied',
      policy: 'VPN to server: SSH by option',
      ports: { tcp: [SSH].filter((port) => port !== server.port) },
    },
    denied('server', toServer, {
      tcp: [...usual(perimeter), DNS].filter((port) => !named.includes(port) && port !== SSH),
      udp: [DNS, SSH, server.port, UNNAMED_PORT],
    }),
    denied('lan', 'VPN to other LAN: denied', { tcp: usual(perimeter), udp: [DNS, UNNAMED_PORT] }),
    ...(perimeter.admins.length > 0
      ? [denied('admin', 'VPN to other LAN: denied', { tcp: [SSH, server.port], udp: [UNNAMED_PORT] })]
      : []),
    denied('router', 'VPN to router: denied', {
      tcp: [DNS, ...usual(perimeter)],
      udp: [DNS, DHCP, wireguard?.port ?? UNNAMED_PORT, UNNAMED_PORT],
    }),
    ...(perimeter.peers.length > 1
      ? [denied('peer', 'VPN to other peer: denied', { tcp: usual(perimeter), udp: [DNS, UNNAMED_PORT] })]
      : []),
    denied('internet', 'VPN to WAN: denied', {
      tcp: [DNS, HTTP, HTTPS, UNNAMED_PORT],
      udp: [DNS, HTTPS, UNNAMED_PORT],
    }),
  ]
}

/** The server may ask for names and use the internet; whoever takes it over gets no further. */
function fromServer(perimeter: Perimeter): Line[] {
  const { admins, options } = perimeter
  const denied = (to: Place, policy: string, ports: Ports): Line => ({
    from: 'server',
    to,
    expected: 'denied',
    policy,
    ports,
  })
  return [
    denied('lan', 'server to LAN: denied', { tcp: usual(perimeter), udp: [DNS, UNNAMED_PORT] }),
    ...(admins.length > 0
      ? [denied('admin', 'server to LAN: denied', { tcp: [SSH, HTTPS, UNNAMED_PORT], udp: [UNNAMED_PORT] })]
      : []),
    {
      from: 'server',
      to: 'router',
      expected: 'allowed',
      policy: 'server to router: names and its lease',
      ports: { tcp: [DNS], udp: [DNS] },
    },
    {
      from: 'server',
      to: 'router',
      expected: 'allowed',
      policy: 'server to router: names and its lease',
      ports: { udp: [DHCP] },
      families: [4],
    },
    denied('router', 'server to router: nothing else', {
      tcp: usual(perimeter),
      udp: [UNNAMED_PORT],
    }),
    ...(hasVpn(perimeter)
      ? [denied('vpn', 'server to VPN: denied', { tcp: [SSH, HTTP, UNNAMED_PORT], udp: [DNS, UNNAMED_PORT] })]
      : []),
    {
      from: 'server',
      to: 'internet',
      expected: options.airGapped ? 'denied' : 'allowed',
      policy: options.airGapped ? 'server to WAN: denied (air-gapped)' : 'server to WAN: allowed',
      ports: { tcp: [SSH, HTTP, HTTPS, UNNAMED_PORT], udp: [DNS, HTTPS, UNNAMED_PORT] },
    },
  ]
}

function fromAdmins(perimeter: Perimeter): Line[] {
  const { admins, options, server } = perimeter
  if (admins.length === 0) return []
  const reached = options.lanOnly ? [...options.adminPorts, server.port] : options.adminPorts
  const admin = { from: 'admin', to: 'server' } as const
  return [
    {
      ...admin,
      expected: 'allowed',
      policy: 'admin to server: the ports of the file',
      ports: { tcp: reached },
      families: [4],
    },
    {
      ...admin,
      expected: 'denied',
      policy: 'admin to server: nothing else',
      ports: {
        tcp: usual(perimeter).filter((port) => !reached.includes(port)),
        udp: [SSH, server.port, UNNAMED_PORT],
      },
    },
    {
      ...admin,
      expected: 'denied',
      policy: 'admin to server: by their IPv4 addresses only',
      ports: { tcp: options.adminPorts.filter((port) => !options.lanOnly || port !== server.port) },
      families: [6],
    },
  ]
}

/** The LAN goes on as before; the server is none of its machines. */
function fromLan(perimeter: Perimeter): Line[] {
  const { options, server } = perimeter
  const reached = options.lanOnly ? [server.port] : []
  const allowed = (to: Place, policy: string, ports: Ports): Line => ({
    from: 'lan',
    to,
    expected: 'allowed',
    policy,
    ports,
  })
  return [
    {
      from: 'lan',
      to: 'server',
      expected: 'denied',
      policy: options.lanOnly ? 'LAN to server: the port of Ollama only' : 'LAN to server: denied',
      ports: {
        tcp: usual(perimeter).filter((port) => !reached.includes(port)),
        udp: [DNS, server.port, UNNAMED_PORT],
      },
    },
    ...(options.lanOnly
      ? [allowed('server', 'LAN to server: the port of Ollama only', { tcp: [server.port] })]
      : []),
    allowed('internet', 'LAN to WAN: allowed', {
      tcp: [HTTP, HTTPS, UNNAMED_PORT],
      udp: [DNS, HTTPS, UNNAMED_PORT],
    }),
    allowed('router', 'LAN to router: allowed', { tcp: [SSH, DNS, HTTP], udp: [DNS, DHCP] }),
    ...(hasVpn(perimeter)
      ? [
          {
            from: 'lan',
            to: 'vpn',
            expected: 'denied',
            policy: 'LAN to VPN: denied',
            ports: { tcp: [SSH, UNNAMED_PORT], udp: [UNNAMED_PORT] },
          } as const,
        ]
      : []),
  ]
}

/** Programs of a machine that talk to each other are no business of its firewall. */
function toItself(): Line[] {
  return (['router', 'server'] as const).map((place) => ({
    from: place,
    to: place,
    expected: 'allowed',
    policy: 'a machine to itself: allowed',
    ports: { tcp: [DNS], udp: [DNS] },
  }))
}
