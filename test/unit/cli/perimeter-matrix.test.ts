import { expect, test } from 'vitest'
import { evidenceText, matrixText, verifiedText } from '../../../src/cli/perimeter-matrix.ts'
import type { Cell } from '../../../src/perimeter/policy/cell.ts'
import type { VerifiedCell } from '../../../src/perimeter/verify/verified-cell.ts'

const style = { width: 120, color: false }

function tried(
  id: string,
  expected: Cell['expected'],
  verdict: VerifiedCell['verdict'] = expected,
): VerifiedCell {
  const [, from, to, protocol, port, family] = /^(\w+)>(\w+)\/(\w+)\/(\d+)\/(\d)$/.exec(id) ?? []
  const cell = {
    id,
    from,
    to,
    protocol,
    port: Number(port),
    family: Number(family),
    expected,
    policy: '',
  } as Cell
  return { cell, verdict, evidence: `seen of ${id}` }
}

test('the matrix says what gets through, what does not, and in words what should not', () => {
  const text = matrixText(
    [
      tried('vpn>server/tcp/11434/4', 'allowed'),
      tried('vpn>server/tcp/11434/6', 'allowed'),
      tried('vpn>server/tcp/22/4', 'denied'),
      tried('vpn>lan/tcp/22/4', 'denied', 'allowed'),
      tried('vpn>lan/tcp/80/4', 'denied', 'allowed'),
      tried('vpn>lan/tcp/443/4', 'denied', 'allowed'),
      tried('vpn>router/udp/53/4', 'denied', 'unknown'),
      tried('lan>server/tcp/22/4', 'denied'),
      tried('lan>server/udp/22/4', 'denied', 'unknown'),
      tried('lan>router/tcp/22/4', 'allowed', 'denied'),
    ],
    style,
  )
  expect(text).toBe(
    [
      '┌──────────────┬────────────────┬──────────────┬─────────────────────────────┐',
      '│ from ↓  to → │ router         │ model server │ LAN                         │',
      '├──────────────┼────────────────┼──────────────┼─────────────────────────────┤',
      '│ VPN client   │ ? unknown      │ ✓ tcp 11434  │ ✗ LETS IN tcp 22, tcp 80 +1 │',
      '│ LAN          │ ✗ STOPS tcp 22 │ – denied?    │ ·                           │',
      '└──────────────┴────────────────┴──────────────┴─────────────────────────────┘',
    ].join('\n'),
  )
})

test('the evidence names what should have been', () => {
  const text = evidenceText(
    [
      tried('vpn>lan/tcp/22/4', 'denied', 'allowed'),
      tried('vpn>server/tcp/11434/4', 'allowed'),
      tried('vpn>lan/udp/53/4', 'denied', 'unknown'),
    ],
    style,
  )
  expect(text.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
    '✗ vpn>lan/tcp/22/4 allowed, should be denied seen of vpn>lan/tcp/22/4',
    '✓ vpn>server/tcp/11434/4 allowed seen of vpn>server/tcp/11434/4',
    '? vpn>lan/udp/53/4 unknown seen of vpn>lan/udp/53/4',
  ])
})

test('what is unknown is summed up by its reason', () => {
  const unknown = (id: string, evidence: string) => ({ ...tried(id, 'denied', 'unknown'), evidence })
  const results = [
    tried('vpn>server/tcp/11434/4', 'allowed'),
    unknown('vpn>lan/tcp/22/4', '192.168.250.10: sent past the tunnel'),
    unknown('vpn>server/udp/53/4', '192.168.250.20: no answer within 2501 ms; it may have arrived'),
    unknown('vpn>server/udp/53/6', 'fd00::20: no answer within 2502 ms; it may have arrived'),
  ]
  const counts = { right: 1, wrong: 0, unknown: 3 }
  const text = verifiedText({ from: 'vpn', counts, results, isVerbose: false }, {})
  expect(text.split('\n').slice(-3)).toEqual([
    '1 of 4 cells are as the policy says, 0 differ, 3 cannot be told from here:',
    '?   2  no answer; it may have arrived',
    '?   1  sent past the tunnel',
  ])
})
