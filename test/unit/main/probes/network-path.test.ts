import { describe, expect, test } from 'vitest'
import { ConnectFailure } from '../../../../src/main/probes/ollama/connect-failure.ts'
import { explainSilence } from '../../../../src/main/probes/ollama/explain-silence.ts'
import { networkPath } from '../../../../src/main/probes/ollama/network-path.ts'
import { straight } from '../../../../src/main/probes/ollama/ollama-way.ts'
import { realSurroundings, type Surroundings } from '../../../../src/main/probes/ollama/surroundings.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')

/** Tools that print what they are told to; everything else is missing. */
function around(platform: NodeJS.Platform, outputs: Readonly<Record<string, string>>): Surroundings {
  return {
    ...realSurroundings({}),
    ...{ platform, now: () => NOW },
    run: async (program, args) => {
      const output = outputs[[program, ...args].join(' ')]
      if (output === undefined) throw new Error(`There is no ${program} on this machine`)
      return output
    },
  }
}

const LINUX_DEFAULT = {
  'ip -o -4 route show default': 'default via 192.168.1.1 dev wlan0 proto dhcp metric 600 \n',
}
const MAC_ROUTE = (facts: readonly string[]) =>
  ['   route to: 192.168.250.20', ...facts.map((fact) => fact.padStart(30)), ''].join('\n')

describe('the way of packets', () => {
  test.each<[string, NodeJS.Platform, Readonly<Record<string, string>>, object]>([
    [
      'by the gateway that everything goes by',
      'linux',
      {
        ...LINUX_DEFAULT,
        'ip -o route get 192.168.250.20':
          '192.168.250.20 via 192.168.1.1 dev wlan0 src 192.168.1.7 uid 1000 \\    cache \n',
      },
      { kind: 'gateway', device: 'wlan0', gateway: '192.168.1.1', isDefault: true },
    ],
    [
      'by a gateway of its own',
      'linux',
      {
        ...LINUX_DEFAULT,
        'ip -o route get 192.168.250.20':
          '192.168.250.20 via 192.168.1.9 dev wlan0 src 192.168.1.7 uid 1000 \n',
      },
      { kind: 'gateway', device: 'wlan0', gateway: '192.168.1.9', isDefault: false },
    ],
    [
      'in the same network, to a machine that was seen',
      'linux',
      {
        ...LINUX_DEFAULT,
        'ip -o route get 192.168.250.20': '192.168.250.20 dev eth0 src 192.168.250.7 uid 0 \n',
        'ip neigh show to 192.168.250.20': '192.168.250.20 dev eth0 lladdr 52:54:00:12:34:56 STALE\n',
      },
      { kind: 'neighbour', device: 'eth0', isThere: true },
    ],
    [
      'in the same network, to nobody',
      'linux',
      {
        ...LINUX_DEFAULT,
        'ip -o route get 192.168.250.20': '192.168.250.20 dev eth0 src 192.168.250.7 uid 0 \n',
        'ip neigh show to 192.168.250.20': '192.168.250.20 dev eth0 FAILED\n',
      },
      { kind: 'neighbour', device: 'eth0', isThere: false },
    ],
    [
      'through WireGuard of another name, with a handshake of five minutes ago',
      'linux',
      {
        ...LINUX_DEFAULT,
        'ip -o route get 192.168.250.20': '192.168.250.20 dev office src 10.10.10.2 uid 1000 \n',
        'wg show interfaces': 'home office\n',
        'wg show office latest-handshakes': `AAAA=\t${NOW / 1000 - 300}\n`,
        'wg show office endpoints': 'AAAA=\t203.0.113.9:51820\n',
      },
      { kind: 'wireguard', device: 'office', handshake: { kind: 'stale', ageMs: 300_000 } },
    ],
    [
      'on a Mac through WireGuard',
      'darwin',
      {
        'route -n get 192.168.250.20': MAC_ROUTE(['destination: 192.168.250.20', 'interface: utun4']),
        'wg show interfaces': 'utun4\n',
        'wg show utun4 latest-handshakes': `AAAA=\t${NOW / 1000 - 20}\n`,
        'wg show utun4 endpoints': 'AAAA=\t203.0.113.9:51820\n',
      },
      { kind: 'wireguard', device: 'utun4', handshake: { kind: 'fresh', ageMs: 20_000 } },
    ],
    [
      'on a Mac by the usual gateway',
      'darwin',
      {
        'route -n get 192.168.250.20': MAC_ROUTE([
          'destination: default',
          'gateway: 192.168.1.1',
          'interface: en0',
        ]),
      },
      { kind: 'gateway', device: 'en0', gateway: '192.168.1.1', isDefault: true },
    ],
    [
      'on a Mac to nobody in the same network',
      'darwin',
      {
        'route -n get 192.168.250.20': MAC_ROUTE([
          'destination: 192.168.250.0',
          'gateway: link#14',
          'interface: en0',
        ]),
        'arp -n 192.168.250.20': '? (192.168.250.20) at (incomplete) on en0 ifscope [ethernet]\n',
      },
      { kind: 'neighbour', device: 'en0', isThere: false },
    ],
    ['unknown without tools', 'linux', {}, { kind: 'unknown' }],
    ['unknown on Windows', 'win32', {}, { kind: 'unknown' }],
  ])('%s', async (_what, platform, outputs, path) => {
    expect(await networkPath('192.168.250.20', around(platform, outputs))).toEqual(path)
  })
})

describe('what silence means', () => {
  const explain = (host: string, code: string, outputs: Readonly<Record<string, string>>) => {
    const here = around('linux', outputs)
    const failure = new ConnectFailure([{ address: host, code }])
    return explainSilence(new URL(`http://${host}:11434`), failure, { way: straight(here), around: here })
  }
  const byGateway = (host: string, gateway = '192.168.1.1') => ({
    ...LINUX_DEFAULT,
    [`ip -o route get ${host}`]: `${host} via ${gateway} dev wlan0 src 192.168.1.7 \n`,
  })

  test('a private address that goes out by the usual gateway needs a VPN, which is down', async () => {
    const failure = await explain('192.168.250.20', 'ETIMEDOUT', byGateway('192.168.250.20'))
    expect(failure).toMatchObject({
      code: 'ollama.vpn-down',
      message: expect.stringContaining('no VPN leads there now: the request went out by wlan0') as string,
    })
  })

  test('one with a gateway of its own, and a public one, are behind a firewall', async () => {
    for (const [host, gateway] of [
      ['192.168.250.20', '192.168.1.9'],
      ['203.0.113.7', '192.168.1.1'],
    ] as const)
      expect(await explain(host, 'ETIMEDOUT', byGateway(host, gateway))).toMatchObject({
        code: 'ollama.firewall',
      })
  })

  test('a gateway that says no is named', async () => {
    const failure = await explain(
      '192.168.250.20',
      'EHOSTUNREACH',
      byGateway('192.168.250.20', '192.168.1.9'),
    )
    expect(failure).toMatchObject({
      code: 'ollama.firewall',
      message: '192.168.1.9 turns requests to 192.168.250.20:11434 back (no route to the host).',
    })
  })

  test('nobody in the same network is a machine that is off', async () => {
    const failure = await explain('192.168.250.20', 'EHOSTUNREACH', {
      'ip -o route get 192.168.250.20': '192.168.250.20 dev eth0 src 192.168.250.7 \n',
      'ip -o -4 route show default': '',
      'ip neigh show to 192.168.250.20': '192.168.250.20 dev eth0 FAILED\n',
    })
    expect(failure).toMatchObject({
      code: 'ollama.unreachable',
      remedy: expect.stringContaining('switched on') as string,
    })
  })

  test('without tools it is still told what was seen', async () => {
    expect(await explain('203.0.113.7', 'ETIMEDOUT', {})).toMatchObject({ code: 'ollama.firewall' })
    expect(await explain('203.0.113.7', 'EHOSTUNREACH', {})).toMatchObject({ code: 'ollama.unreachable' })
  })
})
