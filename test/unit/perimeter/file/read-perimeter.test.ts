import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parsePerimeter, readPerimeter } from '../../../../src/perimeter/file/read-perimeter.ts'
import { AMONG_THE_LAN, PEER_KEYS, perimeterValue } from '../../../support/make-perimeter.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

type Plain = Record<string, unknown>

function read(value: unknown, changes: Plain = {}) {
  return parsePerimeter(JSON.stringify({ ...(value as Plain), ...changes }, null, 2), 'p.jsonc')
}

/** The words of a refusal without the place in front of each. */
function mistakes(changes: Plain, base: unknown = perimeterValue()): string[] {
  try {
    read(base, changes)
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace(/^p\.jsonc:\d+:\d+: /, ''))
  }
  return []
}

const part = (key: string, changes: Plain): Plain => ({
  [key]: { ...(perimeterValue()[key] as Plain), ...changes },
})
const inVlan = (changes: Plain) =>
  part('server', { isolation: { ...((perimeterValue().server as Plain).isolation as Plain), ...changes } })
const peers = (changes: Plain) => {
  const [first, second] = perimeterValue().peers as Plain[]
  return { peers: [first, { ...second, ...changes }] }
}

test('a file with everything in it is read, with the defaults for the rest', () => {
  const perimeter = read(perimeterValue())
  expect(perimeter.wireguard).toMatchObject({ interface: 'wg0', port: 51_820 })
  expect(perimeter.server.port).toBe(11_434)
  expect(perimeter.options).toEqual({ sshFromVpn: false, adminPorts: [22], airGapped: false, lanOnly: false })
})

test('comments, trailing commas and a byte order mark are no mistakes', () => {
  const text = JSON.stringify(perimeterValue(), null, 2).replace(/\n\}$/, ', // the end\n}')
  expect(parsePerimeter(`\uFEFF// mine\n${text}`, 'p.jsonc').peers).toHaveLength(2)
})

test('each mistake is named with its line and column, in their order', () => {
  const text = '{\n  "router": { "lan": { "adress": "192.168.250.1/24" } },\n  "servr": {},\n}'
  expect(() => parsePerimeter(text, 'p.jsonc')).toThrow(
    [
      'p.jsonc:1:1: server: is missing',
      'p.jsonc:2:22: router.lan.address: is missing',
      'p.jsonc:2:24: router.lan.adress: unknown key; did you mean "address"?',
      'p.jsonc:3:3: servr: unknown key; did you mean "server"?',
    ].join('\n'),
  )
})

test.each(['vpn.example.org:99999', 'vpn.example.org:0', 'vpn;reboot', '$(reboot):51820', '-vpn', 'a,b'])(
  'the endpoint %s is none',
  (endpoint) => {
    expect(mistakes(part('wireguard', { endpoint }))).toEqual([
      'wireguard.endpoint: use host or host:port as the internet sees it',
    ])
  },
)

test.each([
  'vpn.example.org',
  'vpn.example.org.:65535',
  '[fd00::1]:51820',
  '203.0.113.7',
  'müller.example:1',
])('the endpoint %s is one', (endpoint) => {
  expect(mistakes(part('wireguard', { endpoint }))).toEqual([])
})

test('a key that stands twice is a mistake, for JSON would take the last one without a word', () => {
  const text = JSON.stringify(perimeterValue(), null, 2).replace('{', '{\n  "version": 1, "version": 1,')
  expect(() => parsePerimeter(text, 'p.jsonc')).toThrow(
    'p.jsonc:2:17: version: is here twice, first in line 2',
  )
})

test('what is no JSON is named where it ends to be', () => {
  expect(() => parsePerimeter('{\n  "router": 1 2\n}', 'p.jsonc')).toThrow(
    'p.jsonc:2:15: a comma is missing before this.',
  )
  expect(() => parsePerimeter('', 'p.jsonc')).toThrow('p.jsonc is empty.')
})

test('a file that is not there and a folder are told apart', async () => {
  const folder = await makeTempDir('perimeter-')
  await expect(readPerimeter(join(folder, 'no.jsonc'))).rejects.toMatchObject({
    code: 'perimeter.unreadable',
    message: expect.stringContaining('does not exist'),
  })
  await expect(readPerimeter(folder)).rejects.toThrow('is a folder')
  await writeFile(join(folder, 'p.jsonc'), JSON.stringify(perimeterValue()))
  expect((await readPerimeter(join(folder, 'p.jsonc'))).admins).toEqual(['192.168.250.10'])
})

describe('values by themselves', () => {
  test.each([
    [part('router', { system: 'windows' }), 'router.system: has to be "openwrt" or "linux"'],
    [
      part('server', { isolation: { kind: 'wish' } }),
      'server.isolation.kind: use { "kind": "vlan", … }, { "kind": "port", … } or { "kind": "host" }',
    ],
    [inVlan({ port: 'lan4' }), 'server.isolation.port: unknown key; did you mean "ports"?'],
    [inVlan({ adress: 'x' }), 'server.isolation.adress: unknown key; did you mean "address"?'],
    [
      part('wireguard', { endpoint: 'https://vpn' }),
      'wireguard.endpoint: use host or host:port as the internet sees it',
    ],
    [
      peers({ publicKey: 'short' }),
      'peers[1].publicKey: use a WireGuard public key: 44 characters that end in =',
    ],
    [
      part('server', { address: '192.168.251' }),
      'server.address: use an IPv4 address such as 192.168.250.20',
    ],
    [{ version: 2 }, 'version: has to be 1'],
  ])('%j', (changes, words) => {
    expect(mistakes(changes)).toEqual([words])
  })
})

describe('values against each other', () => {
  test.each<[string, Plain, string]>([
    [
      'a VPN over the LAN',
      { ...part('wireguard', { address: '192.168.250.129/25' }), peers: [] },
      'wireguard.address: 192.168.250.128/25 overlaps with 192.168.250.0/24 of the LAN; choose another network',
    ],
    [
      'a network of the server over the LAN',
      { ...inVlan({ address: '192.168.0.1/16' }) },
      'server.isolation.address: 192.168.0.0/16 overlaps with 192.168.250.0/24 of the LAN; choose another network',
    ],
    [
      'an IPv6 VPN over the LAN',
      { ...part('wireguard', { address6: 'fd00:250::99/64' }), peers: [] },
      'wireguard.address6: fd00:250::/64 overlaps with fd00:250::/64 of the LAN; choose another network',
    ],
    [
      'a router on the address of its network',
      part('router', { lan: { device: 'eth1', address: '192.168.250.0/24', address6: 'fd00:250::1/64' } }),
      'router.lan.address: 192.168.250.0 stands for the whole network; choose another address in it',
    ],
    [
      'a network for one',
      { ...part('wireguard', { address: '10.10.10.1/32' }), peers: [] },
      'wireguard.address: a prefix of /32 makes no network for this; use /8 to /30, mostly /24',
    ],
    [
      'a loopback network',
      { ...part('wireguard', { address: '127.10.10.1/24' }), peers: [] },
      'wireguard.address: 127.10.10.1 is no address of a machine in a network',
    ],
    [
      'a server in the LAN that has a VLAN',
      part('server', { address: '192.168.250.20' }),
      'server.address: 192.168.250.20 is not in the network of the server, which is 192.168.251.0/24',
    ],
    [
      'a server outside the LAN that has none',
      { server: { ...AMONG_THE_LAN, address: '192.168.251.20' } },
      'server.address: 192.168.251.20 is not in the LAN, which is 192.168.250.0/24',
    ],
    [
      'the broadcast address for the server',
      part('server', { address: '192.168.251.255' }),
      'server.address: 192.168.251.255 is the broadcast address of its network; choose another address in it',
    ],
    [
      'the address of the router for a peer',
      peers({ address: '10.10.10.1' }),
      'peers[1].address: 10.10.10.1 is the address of the router there',
    ],
    [
      'a peer outside the VPN',
      peers({ address: '10.10.11.3' }),
      'peers[1].address: 10.10.11.3 is not in the VPN, which is 10.10.10.0/24',
    ],
    [
      'two peers with one address',
      peers({ address: '10.10.10.2' }),
      'peers[1].address: 10.10.10.2 is taken by peers[0]; give each its own address',
    ],
    [
      'two peers with one IPv6 address in two spellings',
      peers({ address6: 'fd00:10:0:0::0:2' }),
      'peers[1].address6: fd00:10:0:0::0:2 is taken by peers[0]; give each its own address',
    ],
    [
      'two peers of one name',
      peers({ name: 'laptop' }),
      'peers[1].name: another peer is already called "laptop"; give each its own name',
    ],
    [
      'two peers with one key',
      peers({ publicKey: PEER_KEYS.laptop }),
      'peers[1].publicKey: peer "laptop" has the same key; make one for each',
    ],
    [
      'a peer with the key of the router',
      peers({ publicKey: PEER_KEYS.router }),
      'peers[1].publicKey: is the key of the router; every peer has a key of its own',
    ],
    [
      'an admin outside the LAN',
      { admins: ['10.10.10.2'] },
      'admins[0]: 10.10.10.2 is not in the LAN, which is 192.168.250.0/24',
    ],
    [
      'the server as its own admin',
      { server: AMONG_THE_LAN, admins: ['192.168.250.20'] },
      'admins[0]: 192.168.250.20 is taken by the server; give each its own address',
    ],
    [
      'one interface for two sides',
      part('router', { wan: { device: 'eth1' } }),
      'router.lan.device: router.wan.device is eth1 as well; these are different interfaces',
    ],
    [
      'a name of the VPN that OpenWrt does not take',
      {
        ...part('router', { system: 'openwrt' }),
        ...part('wireguard', { interface: 'wg-home' }),
      },
      'wireguard.interface: OpenWrt takes letters, digits and _ here, such as wg0',
    ],
    [
      'a name too long for an interface',
      part('router', {
        lan: { device: 'enp0s31f6abcd', address: '192.168.250.1/24', address6: 'fd00:250::1/64' },
      }),
      'server.isolation: the interface would be called enp0s31f6abcd.20, and a name has 15 characters at most; choose one with "device"',
    ],
    [
      'ports of a switch on Linux',
      inVlan({ ports: ['lan4'] }),
      'server.isolation.ports: is for the switch inside an OpenWrt router; on Linux the VLAN goes out by the LAN device',
    ],
    [
      'a port among the others',
      {
        admins: [],
        server: { ...AMONG_THE_LAN, isolation: { kind: 'port', port: 'lan1', others: ['lan1'] } },
      },
      'server.isolation.others: names lan1, which is the port of the server',
    ],
    [
      'an admin behind an isolated port',
      { server: { ...AMONG_THE_LAN, isolation: { kind: 'port', port: 'lan4', others: ['lan1'] } } },
      'admins: cannot reach the server: with "port" the switch carries nothing between the server and the LAN; use "vlan" or "host", or leave this out',
    ],
    [
      'no VPN at all',
      { wireguard: undefined, peers: [] },
      'wireguard: is missing: describe the VPN, or set "lanOnly" in "options"',
    ],
    [
      'SSH from a VPN that there is not',
      { wireguard: undefined, peers: [], options: { lanOnly: true, sshFromVpn: true } },
      'options.sshFromVpn: means nothing with "lanOnly", which is a perimeter without a VPN; leave one of them out',
    ],
    [
      'a server without IPv6 in a network with it',
      {
        ...part('wireguard', { address6: undefined }),
        ...part('server', { address6: undefined }),
        peers: [],
      },
      'server.address6: is missing: with "server.isolation.address6" the server has IPv6, and rules have to know its address',
    ],
    [
      'IPv6 of the server without a network',
      inVlan({ address6: undefined }),
      'server.address6: has no network: "server.isolation.address6" is missing',
    ],
    [
      'IPv6 of a peer without a network',
      { ...part('wireguard', { address6: undefined }), ...peers({ address6: undefined }) },
      'peers[0].address6: has no network: "wireguard.address6" is missing',
    ],
  ])('%s', (_name, changes, words) => {
    expect(mistakes(changes)).toEqual([words])
  })

  test('a LAN without a VPN behind an isolated port would leave nobody', () => {
    const server = { ...AMONG_THE_LAN, isolation: { kind: 'port', port: 'lan4', others: ['lan1'] } }
    const changes = { admins: [], peers: [], wireguard: undefined, options: { lanOnly: true }, server }
    expect(mistakes(changes)).toEqual([
      expect.stringMatching(/^options.lanOnly: nobody would reach the server/),
    ])
  })
})
