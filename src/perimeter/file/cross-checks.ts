import type { Mistake } from '../../shared/settings/mistake.ts'
import { addressMistakes } from './address-checks.ts'
import { duplicates } from './duplicates.ts'
import { networkMistakes } from './network-checks.ts'
import type { Perimeter } from './schema.ts'

const LONGEST_DEVICE = 15

/** What is wrong between values that are right by themselves. */
export function crossCheck(perimeter: Perimeter): Mistake[] {
  return [
    ...networkMistakes(perimeter),
    ...addressMistakes(perimeter),
    ...peerMistakes(perimeter),
    ...deviceMistakes(perimeter),
    ...isolationMistakes(perimeter),
    ...variantMistakes(perimeter),
  ]
}

function peerMistakes({ peers, revoked, wireguard }: Perimeter): Mistake[] {
  const again = (key: 'name' | 'publicKey', words: (first: string) => string): Mistake[] =>
    duplicates(peers, (peer) => peer[key]).map(({ index, firstItem }) => ({
      path: ['peers', index, key],
      text: words(JSON.stringify(firstItem.name)),
    }))
  const routers = peers.flatMap(({ publicKey }, index) =>
    publicKey === wireguard?.publicKey
      ? [
          {
            path: ['peers', index, 'publicKey'],
            text: 'is the key of the router; every peer has a key of its own',
          },
        ]
      : [],
  )
  const back = peers.flatMap(({ publicKey }, index) => {
    const past = revoked.find((one) => one.publicKey === publicKey)
    if (past === undefined) return []
    const text = `was revoked on ${past.at} with peer ${JSON.stringify(past.name)}; a revoked key never comes back, make a new one`
    return [{ path: ['peers', index, 'publicKey'], text }]
  })
  return [
    ...again('name', (first) => `another peer is already called ${first}; give each its own name`),
    ...again('publicKey', (first) => `peer ${first} has the same key; make one for each`),
    ...routers,
    ...back,
  ]
}

function deviceMistakes({ router, server, wireguard }: Perimeter): Mistake[] {
  const { isolation } = server
  const vlan = isolation.kind === 'vlan' ? isolation : undefined
  const made = vlan === undefined ? '' : `${router.lan.device}.${vlan.id}`
  const needsName = vlan !== undefined && vlan.device === undefined && vlan.ports.length === 0
  const named = [
    { path: ['router', 'wan', 'device'], name: router.wan.device },
    { path: ['router', 'lan', 'device'], name: router.lan.device },
    ...(vlan?.device === undefined ? [] : [{ path: ['server', 'isolation', 'device'], name: vlan.device }]),
    ...(wireguard === undefined ? [] : [{ path: ['wireguard', 'interface'], name: wireguard.interface }]),
  ]
  const isName = router.system === 'linux' || wireguard === undefined || /^\w+$/.test(wireguard.interface)
  return [
    ...(isName
      ? []
      : [
          { path: ['wireguard', 'interface'], text: 'OpenWrt takes letters, digits and _ here, such as wg0' },
        ]),
    ...duplicates(named, ({ name }) => name).map(({ item, firstItem }) => ({
      path: item.path,
      text: `${firstItem.path.join('.')} is ${item.name} as well; these are different interfaces`,
    })),
    ...(needsName && made.length > LONGEST_DEVICE
      ? [
          {
            path: ['server', 'isolation'],
            text: `the interface would be called ${made}, and a name has ${LONGEST_DEVICE} characters at most; choose one with "device"`,
          },
        ]
      : []),
  ]
}

function isolationMistakes({ admins, options, router, server }: Perimeter): Mistake[] {
  const { isolation } = server
  const path = (key: string) => ['server', 'isolation', key]
  if (isolation.kind === 'vlan' && router.system === 'linux' && isolation.ports.length > 0)
    return [
      {
        path: path('ports'),
        text: 'is for the switch inside an OpenWrt router; on Linux the VLAN goes out by the LAN device',
      },
    ]
  if (isolation.kind !== 'port') return []
  const apart = 'with "port" the switch carries nothing between the server and the LAN'
  return [
    ...(isolation.others.includes(isolation.port)
      ? [{ path: path('others'), text: `names ${isolation.port}, which is the port of the server` }]
      : []),
    ...(admins.length > 0
      ? [
          {
            path: ['admins'],
            text: `cannot reach the server: ${apart}; use "vlan" or "host", or leave this out`,
          },
        ]
      : []),
    ...(options.lanOnly
      ? [
          {
            path: ['options', 'lanOnly'],
            text: `nobody would reach the server: ${apart}; use "vlan" or "host"`,
          },
        ]
      : []),
  ]
}

function variantMistakes({ options, peers, wireguard }: Perimeter): Mistake[] {
  if (!options.lanOnly)
    return wireguard === undefined
      ? [{ path: ['wireguard'], text: 'is missing: describe the VPN, or set "lanOnly" in "options"' }]
      : []
  const without = 'means nothing with "lanOnly", which is a perimeter without a VPN; leave one of them out'
  return [
    ...(wireguard === undefined ? [] : [{ path: ['wireguard'], text: without, atKey: true }]),
    ...(peers.length === 0 ? [] : [{ path: ['peers'], text: without, atKey: true }]),
    ...(options.sshFromVpn ? [{ path: ['options', 'sshFromVpn'], text: without, atKey: true }] : []),
  ]
}
