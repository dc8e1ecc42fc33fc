import { describe, expect, test } from 'vitest'
import { cellsOf } from '../../../../src/perimeter/policy/cells.ts'
import { makePerimeter } from '../../../support/make-perimeter.ts'
import { perimeterVariants } from '../../../support/perimeter-variants.ts'

const answers = (options: Record<string, unknown> = {}, changes: Record<string, unknown> = {}) => {
  const cells = cellsOf(makePerimeter({ ...changes, options }))
  return (...ids: readonly string[]) =>
    Object.fromEntries(ids.map((id) => [id, cells.find((cell) => cell.id === id)?.expected ?? 'not asked']))
}

test('the policy, line by line', () => {
  const expected = {
    'internet>router/udp/51820/4': 'allowed',
    'internet>router/tcp/22/4': 'denied',
    'internet>router/tcp/11434/6': 'denied',
    'isp>server/tcp/11434/4': 'denied',
    'internet>lan/udp/53/4': 'denied',
    'internet>vpn/tcp/22/4': 'denied',
    'vpn>server/tcp/11434/4': 'allowed',
    'vpn>server/tcp/11434/6': 'allowed',
    'peer>server/tcp/11434/4': 'allowed',
    'vpn>server/udp/11434/4': 'denied',
    'vpn>server/tcp/22/4': 'denied',
    'vpn>server/tcp/443/6': 'denied',
    'vpn>lan/tcp/22/4': 'denied',
    'vpn>router/udp/53/4': 'denied',
    'vpn>peer/tcp/22/4': 'denied',
    'vpn>internet/tcp/443/4': 'denied',
    'server>lan/tcp/22/4': 'denied',
    'server>admin/tcp/22/4': 'denied',
    'server>router/udp/53/4': 'allowed',
    'server>router/tcp/53/6': 'allowed',
    'server>router/udp/67/4': 'allowed',
    'server>router/tcp/80/4': 'denied',
    'server>vpn/tcp/22/4': 'denied',
    'server>internet/tcp/443/6': 'allowed',
    'admin>server/tcp/22/4': 'allowed',
    'admin>server/tcp/22/6': 'denied',
    'admin>server/tcp/11434/4': 'denied',
    'lan>server/tcp/11434/4': 'denied',
    'lan>internet/udp/443/4': 'allowed',
    'lan>router/tcp/22/4': 'allowed',
    'lan>vpn/tcp/22/4': 'denied',
  }
  expect(answers()(...Object.keys(expected))).toEqual(expected)
})

describe('options change what is expected', () => {
  test('SSH from the VPN', () => {
    expect(answers({ sshFromVpn: true })('vpn>server/tcp/22/4', 'vpn>server/tcp/22/6')).toEqual({
      'vpn>server/tcp/22/4': 'allowed',
      'vpn>server/tcp/22/6': 'allowed',
    })
  })

  test('a server that is kept from the internet', () => {
    expect(answers({ airGapped: true })('server>internet/tcp/443/4', 'server>router/udp/53/4')).toEqual({
      'server>internet/tcp/443/4': 'denied',
      'server>router/udp/53/4': 'allowed',
    })
  })

  test('ports for admins', () => {
    const ask = answers({ adminPorts: [22, 8443, 11434] })
    expect(ask('admin>server/tcp/8443/4', 'admin>server/tcp/11434/4', 'admin>server/tcp/80/4')).toEqual({
      'admin>server/tcp/8443/4': 'allowed',
      'admin>server/tcp/11434/4': 'allowed',
      'admin>server/tcp/80/4': 'denied',
    })
  })

  test('a perimeter without a VPN', () => {
    const ask = answers({ lanOnly: true }, { wireguard: undefined, peers: [] })
    const ids = [
      'lan>server/tcp/11434/4',
      'lan>server/tcp/22/4',
      'internet>router/udp/51820/4',
      'vpn>server/tcp/11434/4',
    ]
    expect(ask(...ids)).toEqual({
      'lan>server/tcp/11434/4': 'allowed',
      'lan>server/tcp/22/4': 'denied',
      'internet>router/udp/51820/4': 'denied',
      'vpn>server/tcp/11434/4': 'not asked',
    })
  })
})

test.each(perimeterVariants())(
  '%s: every question is asked once, of places and families that there are',
  (_, perimeter) => {
    const cells = cellsOf(perimeter)
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length)
    const places = new Set(cells.flatMap(({ from, to }) => [from, to]))
    expect(places.has('vpn')).toBe(!perimeter.options.lanOnly)
    expect(places.has('admin')).toBe(perimeter.admins.length > 0)
    const hasIpv6 = perimeter.router.lan.address6 !== undefined
    expect(cells.some(({ family, to }) => family === 6 && to === 'lan')).toBe(hasIpv6)
    for (const protocol of ['tcp', 'udp'])
      expect(cells.some((cell) => cell.protocol === protocol && cell.expected === 'denied')).toBe(true)
  },
)
