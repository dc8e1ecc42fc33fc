import { describe, expect, test } from 'vitest'
import { serverNftables } from '../../../../src/perimeter/render/server/nftables.ts'
import { serverPf } from '../../../../src/perimeter/render/server/pf.ts'
import { renderServer } from '../../../../src/perimeter/render/server/server.ts'
import { AMONG_THE_LAN, makePerimeter } from '../../../support/make-perimeter.ts'
import { decidePf, parsePf } from '../../../support/parse-pf.ts'
import { perimeterVariants } from '../../../support/perimeter-variants.ts'

describe('Linux', () => {
  test('the VPN gets in, and admins, and nobody else', () => {
    const text = serverNftables(makePerimeter({ server: AMONG_THE_LAN, options: { sshFromVpn: true } }))
    const into = text.slice(text.indexOf('chain input'), text.indexOf('chain output'))
    expect(into.match(/comment "(?!base)[^"]+"/g)).toEqual([
      'comment "vpn-to-server/4"',
      'comment "vpn-to-server/6"',
      'comment "admin-to-server/4"',
    ])
    expect(into).toContain(
      'ip saddr 10.10.10.0/24 ip daddr 192.168.250.20 ct state new tcp dport { 11434, 22 }',
    )
  })

  test('neighbours are left out of what the server may reach, also those that have no address of the LAN', () => {
    const text = serverNftables(makePerimeter({ server: AMONG_THE_LAN }))
    expect(text).toContain(
      'ip daddr != { 192.168.250.0/24, 10.10.10.0/24, 169.254.0.0/16, 224.0.0.0/4, 255.255.255.255/32 }',
    )
    expect(text).toContain('ip6 daddr != { fd00:250::/64, fd00:10::/64, fe80::/10, ff00::/8 }')
  })

  test('a server without an IPv6 address of its own speaks no IPv6 but to find that out', () => {
    const server = { ...AMONG_THE_LAN, address6: undefined }
    expect(serverNftables(makePerimeter({ server }))).not.toMatch(/ip6 [sd]addr/)
  })

  test('kept from the internet, it reaches the router for names and its lease alone', () => {
    expect(serverNftables(makePerimeter({ options: { airGapped: true } }))).not.toContain('server-to-wan')
  })
})

describe('macOS', () => {
  test.each(perimeterVariants())('%s: every line is of the grammar of pf', (_name, perimeter) => {
    expect(parsePf(serverPf(perimeter)).length).toBeGreaterThan(5)
  })

  const perimeter = makePerimeter({ server: { ...AMONG_THE_LAN, system: 'macos', device: 'en0' } })
  const rules = () => parsePf(serverPf(perimeter))
  const decide = (packet: Partial<Parameters<typeof decidePf>[1]>) =>
    decidePf(rules(), {
      direction: 'in',
      device: 'en0',
      protocol: 'tcp',
      from: '',
      to: '',
      port: 0,
      ...packet,
    })
  const server = '192.168.250.20'

  test.each<[string, string, number, 'pass' | 'block']>([
    ['10.10.10.2', server, 11_434, 'pass'],
    ['10.10.10.2', server, 22, 'block'],
    ['192.168.250.10', server, 22, 'pass'],
    ['192.168.250.10', server, 11_434, 'block'],
    ['192.168.250.11', server, 22, 'block'],
    ['203.0.113.9', server, 11_434, 'block'],
    ['fd00:10::2', 'fd00:250::20', 11_434, 'pass'],
    ['fe80::1', 'fd00:250::20', 11_434, 'block'],
  ])('in: %s to %s port %i: %s', (from, to, port, verdict) => {
    expect(decide({ from, to, port })).toBe(verdict)
  })

  test.each<[string, string, number, 'tcp' | 'udp', 'pass' | 'block']>([
    [server, '192.168.250.1', 53, 'udp', 'pass'],
    [server, '192.168.250.1', 53, 'tcp', 'pass'],
    [server, '192.168.250.1', 22, 'tcp', 'block'],
    [server, '192.168.250.11', 445, 'tcp', 'block'],
    [server, '10.10.10.2', 22, 'tcp', 'block'],
    [server, '224.0.0.251', 5353, 'udp', 'block'],
    [server, '203.0.113.9', 443, 'tcp', 'pass'],
    ['fd00:250::20', 'fe80::1', 22, 'tcp', 'block'],
    ['fd00:250::20', '2001:db8::1', 443, 'tcp', 'pass'],
  ])('out: %s to %s port %i %s: %s', (from, to, port, protocol, verdict) => {
    expect(decide({ direction: 'out', from, to, port, protocol })).toBe(verdict)
  })

  test('a server kept from the internet reaches none of it', () => {
    const apart = parsePf(serverPf({ ...perimeter, options: { ...perimeter.options, airGapped: true } }))
    const packet = {
      direction: 'out',
      device: 'en0',
      protocol: 'tcp',
      from: server,
      to: '203.0.113.9',
      port: 443,
    } as const
    expect(decidePf(apart, packet)).toBe('block')
  })

  test('the rules lie below the anchor that the system evaluates, and its own file stays as it is', () => {
    const rendering = renderServer(perimeter)
    expect(rendering.files.map(({ path }) => path)).toEqual([
      '/etc/pf.anchors/sovereign',
      '/Library/LaunchDaemons/sovereign.perimeter.pf.plist',
    ])
    expect(rendering.files[1]?.content).toContain('-a com.apple/sovereign -f /etc/pf.anchors/sovereign')
  })
})
