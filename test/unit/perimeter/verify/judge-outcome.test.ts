import { expect, test } from 'vitest'
import type { Cell } from '../../../../src/perimeter/policy/cell.ts'
import { cellsOf } from '../../../../src/perimeter/policy/cells.ts'
import { judgeOutcome } from '../../../../src/perimeter/verify/judge-outcome.ts'
import { makePerimeter } from '../../../support/make-perimeter.ts'

const perimeter = makePerimeter()
const cell = (id: string): Cell => {
  const found = cellsOf(perimeter).find((one) => one.id === id)
  if (found === undefined) throw new Error(`There is no cell ${id}.`)
  return found
}
const failed = (code: string) => ({ kind: 'failed', ms: 3, code }) as const
const silent = { kind: 'silent', ms: 2500 } as const
const answered = { kind: 'answered', ms: 3, detail: 'connected' } as const

test.each([
  ['an answer has arrived', 'vpn>server/tcp/22/4', answered, 'allowed'],
  ['a refusal by the machine has arrived', 'vpn>server/tcp/22/4', failed('ECONNREFUSED'), 'allowed'],
  [
    'a port that is closed for datagrams has been reached',
    'vpn>server/udp/22/4',
    failed('ECONNREFUSED'),
    'allowed',
  ],
  ['"prohibited" is a denial', 'vpn>server/tcp/22/4', failed('EHOSTUNREACH'), 'denied'],
  ['"prohibited" is a denial by IPv6', 'vpn>server/tcp/22/6', failed('EACCES'), 'denied'],
  ['the own firewall of the server is one', 'server>lan/tcp/22/4', failed('EPERM'), 'denied'],
  ['silence denies TCP', 'vpn>server/tcp/22/4', silent, 'denied'],
  ['silence says nothing about a datagram', 'vpn>server/udp/22/4', silent, 'unknown'],
  ['silence of a port that nobody has in the internet', 'server>internet/tcp/47321/4', silent, 'unknown'],
  ['silence of a port that somebody has in the internet', 'server>internet/tcp/443/4', silent, 'denied'],
  ['a failure of this computer', 'vpn>server/tcp/22/4', failed('EMFILE'), 'unknown'],
  [
    'a refusal by the address that the ISP gave',
    'internet>router/tcp/22/4',
    failed('ECONNREFUSED'),
    'unknown',
  ],
] as const)('%s', (_, id, outcome, verdict) => {
  const judged = judgeOutcome(cell(id), '192.0.2.1', outcome, perimeter.router)
  expect(judged.verdict).toBe(verdict)
  expect(judged.evidence).toMatch(/^192\.0\.2\.1: /)
})

test('OpenWrt refuses in the words of the machine behind it, so a refusal proves nothing there', () => {
  const { router } = makePerimeter({ router: { system: 'openwrt', lan: { address: '192.168.250.1/24' } } })
  const judged = judgeOutcome(cell('vpn>server/tcp/22/4'), '192.0.2.1', failed('ECONNREFUSED'), router)
  expect(judged).toEqual({
    verdict: 'unknown',
    evidence: '192.0.2.1: refused in 3 ms, by the machine or by OpenWrt, whose firewall says the same',
  })
})
