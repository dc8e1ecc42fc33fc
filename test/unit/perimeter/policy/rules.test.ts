import { expect, test } from 'vitest'
import type { Rule } from '../../../../src/perimeter/policy/rule.ts'
import { rulesOf } from '../../../../src/perimeter/policy/rules.ts'
import { AMONG_THE_LAN, makePerimeter } from '../../../support/make-perimeter.ts'

const NO_VPN = { wireguard: undefined, peers: [] }

function lines(rules: readonly Rule[]): string[] {
  return rules.map(({ id, action }) => (action === 'accept' ? id : `${id} rejects`))
}

test('a server in a VLAN has a zone of its own, and what no rule accepts is refused', () => {
  const rules = rulesOf(makePerimeter())
  expect(lines(rules)).toEqual([
    'wan-to-wireguard',
    'vpn-to-server',
    'server-dns',
    'server-dns-tcp',
    'server-dhcp',
    'server-to-wan',
    'admin-to-server',
    'lan-to-router',
    'lan-to-wan',
  ])
  expect(rules.filter(({ from }) => from === 'wan')).toEqual([
    expect.objectContaining({ to: 'router', protocol: 'udp', ports: [51_820] }),
  ])
  expect(rules.find(({ id }) => id === 'vpn-to-server')).toMatchObject({
    to: 'server',
    protocol: 'tcp',
    ports: [11_434],
    destinations: ['192.168.251.20', 'fd00:251::20'],
  })
  expect(rules.filter(({ from, to }) => from === 'server' && to === 'lan')).toEqual([])
})

test('a server among the LAN is told from it by its address, in front of what the LAN may', () => {
  const rules = rulesOf(makePerimeter({ server: AMONG_THE_LAN, admins: [] }))
  expect(lines(rules)).toEqual([
    'wan-to-wireguard',
    'vpn-to-server',
    'server-dns',
    'server-dns-tcp',
    'server-dhcp',
    'server-not-router rejects',
    'lan-to-router',
    'lan-to-wan',
  ])
  const ofServer = rules.filter(({ id }) => id.startsWith('server-'))
  expect(ofServer.map(({ sources }) => sources?.[0])).toEqual(ofServer.map(() => '192.168.250.20'))
  // DHCP is of IPv4 alone.
  expect(ofServer.filter(({ sources }) => sources?.length === 1).map(({ id }) => id)).toEqual(['server-dhcp'])
})

test('the router has no say in what the LAN sends to a server in the same network', () => {
  const rules = rulesOf(makePerimeter({ server: AMONG_THE_LAN, admins: ['192.168.250.10'] }))
  expect(rules.filter(({ from, to }) => from === 'lan' && to !== 'router' && to !== 'wan')).toEqual([])
})

test('SSH for peers is there only where it was asked for', () => {
  const rules = rulesOf(makePerimeter({ options: { sshFromVpn: true } }))
  expect(rules.find(({ id }) => id === 'vpn-to-server-ssh')).toMatchObject({ ports: [22], from: 'vpn' })
})

test('a server kept from the internet has no rule in a VLAN and a rejecting one in the LAN', () => {
  const options = { airGapped: true }
  expect(lines(rulesOf(makePerimeter({ options })))).not.toContain('server-to-wan')
  const among = lines(rulesOf(makePerimeter({ options, server: AMONG_THE_LAN, admins: [] })))
  expect(among.indexOf('server-to-wan rejects')).toBeGreaterThan(0)
  expect(among.indexOf('server-to-wan rejects')).toBeLessThan(among.indexOf('lan-to-wan'))
})

test('without a VPN the LAN reaches the server, and nothing is open to the internet', () => {
  const rules = rulesOf(makePerimeter({ ...NO_VPN, options: { lanOnly: true, adminPorts: [22, 11_434] } }))
  expect(rules.filter(({ from }) => from === 'wan' || from === 'vpn')).toEqual([])
  expect(rules.find(({ id }) => id === 'lan-to-server')).toMatchObject({ ports: [11_434] })
  // What the whole LAN reaches needs no second rule for admins.
  expect(rules.find(({ id }) => id === 'admin-to-server')).toMatchObject({ ports: [22] })
})
