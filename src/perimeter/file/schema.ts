import { z } from 'zod'

/** The shape of a perimeter file. It names no secret: private keys stay where they were made. */
export const PERIMETER_VERSION = 1

const ipv4 = z.ipv4({ error: 'use an IPv4 address such as 192.168.250.20' })
const ipv6 = z.ipv6({ error: 'use an IPv6 address such as fd00:250::20' })
/** An address of this machine with the size of its network, such as `192.168.250.1/24`. */
const interface4 = z.cidrv4({ error: 'use an address with its prefix, such as 192.168.250.1/24' })
const interface6 = z.cidrv6({ error: 'use an IPv6 address with its prefix, such as fd00:250::1/64' })
/** 1 to 65535, as text. */
const PORT = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])'
const port = z.int().min(1).max(65_535)
/** IFNAMSIZ of Linux leaves 15 characters. */
const device = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,14}$/, 'use the name of an interface, such as eth0, wan or br-lan')
const key = z
  .string()
  .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'use a WireGuard public key: 44 characters that end in =')
const sshTarget = z
  .string()
  .min(1)
  .regex(/^[^\s-]\S*$/, 'use an alias of ~/.ssh/config or user@host:port')
const peerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'use up to 40 small letters, digits and dashes, such as work-laptop')

/** Why a peer cannot be called so; undefined when it can. */
export function peerNameFlaw(name: string): string | undefined {
  return peerName.safeParse(name).error?.issues[0]?.message
}

const router = z.strictObject({
  system: z
    .enum(['openwrt', 'linux'], 'use "openwrt" or "linux"')
    .default('openwrt')
    .describe('What runs on the router: OpenWrt 23.05 or later, or Linux with nftables and wg-quick'),
  ssh: sshTarget.optional().describe('How its owner reaches it; root@ its LAN address unless told'),
  wan: z
    .strictObject({
      device: device.default('wan'),
      dhcpv6: z
        .boolean()
        .default(false)
        .describe('On Linux, whether the router gets its IPv6 addresses from the WAN by DHCPv6'),
    })
    .prefault({})
    .describe('The side of the internet or of the ISP router'),
  lan: z.strictObject({
    device: device.default('br-lan'),
    address: interface4.describe('Address of the router in the LAN, with the size of the LAN'),
    address6: interface6.optional(),
  }),
})

const isolation = z
  .discriminatedUnion(
    'kind',
    [
      z.strictObject({
        kind: z.literal('vlan'),
        id: z.int().min(2).max(4094),
        device: device
          .optional()
          .describe('Interface of the VLAN on the router; LAN device and id unless told'),
        address: interface4.describe('Address of the router in the network of the server'),
        address6: interface6.optional(),
        ports: z
          .array(device)
          .default([])
          .describe('Ports of the switch in the router that the server is plugged into (OpenWrt)'),
      }),
      z.strictObject({
        kind: z.literal('port'),
        port: device.describe('The port of the router that the server is plugged into'),
        others: z
          .array(device)
          .min(1, 'name the other ports of the LAN')
          .describe('The other ports of the LAN'),
      }),
      z.strictObject({ kind: z.literal('host') }),
    ],
    'use { "kind": "vlan", … }, { "kind": "port", … } or { "kind": "host" }',
  )
  .describe(
    'What separates the server from its neighbours; rules on a router do not see traffic inside one switch',
  )

const server = z.strictObject({
  system: z.enum(['macos', 'linux'], 'use "macos" or "linux"').default('macos'),
  address: ipv4,
  address6: ipv6.optional(),
  mac: z
    .string()
    .regex(/^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/, 'use a hardware address such as 00:11:22:33:44:55')
    .optional()
    .describe('For the fixed DHCP lease'),
  device: device.optional().describe('Its wired interface, such as en0 or eth0'),
  port: port.default(11434).describe('Where Ollama listens'),
  ssh: sshTarget.optional().describe('How its owner reaches it'),
  isolation,
})

const wireguard = z.strictObject({
  interface: device.default('wg0'),
  address: interface4.default('10.10.10.1/24').describe('Address of the router in the VPN'),
  address6: interface6.optional(),
  port: port.default(51_820).describe('UDP port, the only one open to the internet'),
  endpoint: z
    .string()
    .regex(
      new RegExp(`^(?:\\[[0-9a-fA-F:]+\\]|[\\p{L}\\p{N}_][\\p{L}\\p{N}_.-]*)(?::${PORT})?$`, 'u'),
      'use host or host:port as the internet sees it',
    )
    .describe('Where clients find the router: a name or address, with the port forwarded by the ISP router'),
  publicKey: key.optional().describe('Public key of the router; "apply" writes it here'),
})

const peer = z.strictObject({
  name: peerName,
  publicKey: key,
  address: ipv4,
  address6: ipv6.optional(),
})

const revoked = z.strictObject({
  ...peer.shape,
  at: z.iso.date({ error: 'use a date such as 2027-01-31' }).describe('When it was revoked'),
})

const options = z
  .strictObject({
    sshFromVpn: z.boolean().default(false).describe('Whether peers reach port 22 of the server'),
    adminPorts: z.array(port).default([22]).describe('What "admins" reach on the server'),
    airGapped: z.boolean().default(false).describe('Whether the server is kept from the internet'),
    lanOnly: z.boolean().default(false).describe('No VPN: the machines of the LAN reach the server'),
  })
  .prefault({})

/** Every value by itself; what has to agree between them is in cross-checks.ts. */
export const perimeterSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(PERIMETER_VERSION).default(PERIMETER_VERSION),
  router,
  server,
  wireguard: wireguard.optional().describe('Needed unless "lanOnly"'),
  admins: z.array(ipv4).default([]).describe('Machines of the LAN that may manage the server'),
  peers: z.array(peer).default([]),
  revoked: z
    .array(revoked)
    .default([])
    .describe('Peers of the past: their keys never come back, their addresses not for a while'),
  options,
})

export type Perimeter = z.infer<typeof perimeterSchema>
export type PerimeterPeer = z.infer<typeof peer>
export type RevokedPeer = z.infer<typeof revoked>
export type PerimeterWireguard = NonNullable<Perimeter['wireguard']>
