import { describe, expect, test } from 'vitest'
import { checkedText, renderingText } from '../../../src/cli/perimeter-text.ts'
import { INIT_TEXT } from '../../../src/perimeter/file/init-text.ts'
import { parsePerimeter } from '../../../src/perimeter/file/read-perimeter.ts'
import type { Perimeter } from '../../../src/perimeter/file/schema.ts'

const first = parsePerimeter(INIT_TEXT, 'perimeter.jsonc')
const words = (change: Partial<Perimeter>): string => checkedText('p.jsonc', { ...first, ...change })

describe('what a look at the file says', () => {
  test('an endpoint that is only an example, and none that is not', () => {
    expect(words({})).toContain('vpn.example.org:51820 is only an example')
    const { wireguard } = first
    if (wireguard === undefined) throw new Error('no VPN')
    for (const endpoint of ['203.0.113.1', 'example-home.dyndns.net:51820', 'home.myexample.org'])
      expect(words({ wireguard: { ...wireguard, endpoint } })).not.toContain('only an example')
  })

  test('who manages the server, or that nobody does', () => {
    const { options } = first
    expect(words({})).toContain('Nobody manages the server over the network: see "admins" or "sshFromVpn".')
    expect(words({ admins: ['192.168.250.10'] })).toContain('managed by 192.168.250.10 (TCP 22).')
    expect(words({ admins: ['192.168.250.10'], options: { ...options, sshFromVpn: true } })).toContain(
      'managed by 192.168.250.10 (TCP 22) and peers of the VPN (TCP 22).',
    )
    expect(words({ admins: ['192.168.250.10'], options: { ...options, adminPorts: [] } })).toContain('Nobody')
  })
})

test('commands are shown as they are typed', () => {
  const activate = [
    ['sh', '-c', "umask 077; echo 'a b'"],
    ['ip', 'link'],
  ]
  expect(renderingText({ machine: 'router', files: [], activate })).toBe(
    "\n#### router: then, as root\nsh -c 'umask 077; echo '\\''a b'\\'''\nip link\n",
  )
})
