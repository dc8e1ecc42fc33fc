import { describe, expect, test } from 'vitest'
import { renderLinuxRouter } from '../../../../src/perimeter/render/linux/linux-router.ts'
import { routerNftables } from '../../../../src/perimeter/render/linux/nftables.ts'
import type { Rendering } from '../../../../src/perimeter/render/rendering.ts'
import { AMONG_THE_LAN, makePerimeter, PEER_KEYS } from '../../../support/make-perimeter.ts'
import { perimeterVariants } from '../../../support/perimeter-variants.ts'

function content(rendering: Rendering, path: string): string {
  return rendering.files.find((file) => file.path === path)?.content ?? `no ${path}`
}

describe('the policy', () => {
  test('every rule is a line with its id and a counter, one for each family that it has addresses of', () => {
    const text = routerNftables(makePerimeter())
    expect(text).toContain(
      'iifname "eth0" ct state new udp dport 51820 counter accept comment "wan-to-wireguard"',
    )
    expect(text).toContain(
      'iifname "wg0" oifname "eth1.20" ip daddr 192.168.251.20 ct state new tcp dport 11434 counter accept comment "vpn-to-server/4"',
    )
    expect(text).toContain('ip6 daddr fd00:251::20 ct state new tcp dport 11434 counter accept')
    expect(text).toContain('ip saddr 192.168.250.10 ip daddr 192.168.251.20 ct state new tcp dport 22')
    // Admins are known by IPv4 addresses only.
    expect(text).not.toContain('admin-to-server/6')
  })

  test('without IPv6 addresses there is no line for them', () => {
    const server = { ...AMONG_THE_LAN, address6: undefined }
    expect(routerNftables(makePerimeter({ server }))).not.toMatch(/\/6"|ip6 [sd]addr/)
  })

  test('what it refuses is a line only where a wider one behind it accepts', () => {
    const text = routerNftables(makePerimeter({ server: AMONG_THE_LAN }))
    const at = (id: string) => text.indexOf(`"${id}"`)
    expect(at('server-dns/4')).toBeGreaterThan(0)
    expect(at('server-dns/4')).toBeLessThan(at('server-not-router/4'))
    expect(at('server-not-router/6')).toBeLessThan(at('lan-to-router'))
    expect(routerNftables(makePerimeter())).not.toMatch(/reject|drop comment/)
  })

  test.each(perimeterVariants())('%s: nothing comes in from outside but the VPN', (_name, perimeter) => {
    const open = routerNftables(perimeter)
      .split('\n')
      .filter((line) => line.includes('iifname "eth0"'))
    const isVpn = perimeter.wireguard !== undefined
    expect(open).toEqual(isVpn ? [expect.stringContaining('udp dport 51820')] : [])
  })

  test('a router that gets its IPv6 from the WAN hears the answers to that, from the next machine only', () => {
    const router = { system: 'linux', lan: makePerimeter().router.lan, wan: { device: 'eth0', dhcpv6: true } }
    expect(routerNftables(makePerimeter({ router }))).toContain(
      'iifname "eth0" ip6 saddr fe80::/10 ct state new udp dport 546 counter accept comment "wan-to-dhcpv6/6"',
    )
  })

  test('an isolated port is cut off in the bridge, in both directions', () => {
    const isolation = { kind: 'port', port: 'lan4', others: ['lan1'] }
    const text = routerNftables(makePerimeter({ server: { ...AMONG_THE_LAN, isolation }, admins: [] }))
    expect(text).toMatch(/table bridge sovereign_router \{\n\tchain forward/)
    expect(text).toMatch(/iifname "lan4" counter drop[\s\S]*oifname "lan4" counter drop/)
  })
})

test('the file of the VPN holds no secret, and each peer has its own addresses only', () => {
  const rendering = renderLinuxRouter(makePerimeter())
  const path = '/etc/wireguard/wg0.conf'
  expect(rendering.files.find((file) => file.path === path)?.mode).toBe(0o600)
  expect(content(rendering, path)).not.toContain('PrivateKey')
  expect(content(rendering, path)).toContain(
    'PostUp = wg set %i private-key /etc/wireguard/sovereign-wg0.key',
  )
  expect(content(rendering, path)).toContain(
    `PublicKey = ${PEER_KEYS.laptop}\nAllowedIPs = 10.10.10.2/32, fd00:10::2/128`,
  )
})

test('packets are forwarded only after the policy was loaded', () => {
  const rendering = renderLinuxRouter(makePerimeter())
  const unit = content(rendering, '/etc/systemd/system/sovereign-router-firewall.service')
  expect(unit.indexOf('nft -f')).toBeLessThan(unit.indexOf('sysctl'))
  expect(content(rendering, '/etc/sovereign/forwarding.conf')).toBe(
    'net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n',
  )
})

test('a machine whose firewall ends forwards nothing, and one that is loaded anew keeps the VPN as it is', () => {
  const unit = (perimeter = makePerimeter()) =>
    content(renderLinuxRouter(perimeter), '/etc/systemd/system/sovereign-router-firewall.service')
  expect(unit()).toContain(
    'ExecStop=-/usr/sbin/sysctl -q -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0\n',
  )
  // What a unit requires starts anew with it, so it must not.
  expect(renderLinuxRouter(makePerimeter()).activate).toContainEqual([
    'systemctl',
    'reload-or-restart',
    'sovereign-router-firewall.service',
  ])
  expect(unit().match(/^ExecReload=.*$/gm)).toEqual([
    'ExecReload=/usr/sbin/nft -f /etc/sovereign/router.nft',
    'ExecReload=/usr/sbin/sysctl -q -p /etc/sovereign/forwarding.conf',
  ])
})

test('the lease is the only one in a network of its own', () => {
  const at = '/etc/dnsmasq.d/sovereign-perimeter.conf'
  expect(content(renderLinuxRouter(makePerimeter()), at)).toContain(
    'dhcp-range=192.168.251.0,static\ndhcp-host=00:11:22:aa:bb:cc,192.168.251.20,model-server',
  )
  expect(content(renderLinuxRouter(makePerimeter({ server: AMONG_THE_LAN })), at)).not.toContain('dhcp-range')
})

test('without a VPN there is neither its file nor its key', () => {
  const perimeter = makePerimeter({ wireguard: undefined, peers: [], options: { lanOnly: true } })
  const rendering = renderLinuxRouter(perimeter)
  expect(JSON.stringify(rendering)).not.toMatch(/wireguard|wg-quick|wg genkey/)
})
