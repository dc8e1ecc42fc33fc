import type { Perimeter } from '../file/schema.ts'
import type { Cell } from '../policy/cell.ts'
import { mayBeNobody } from './targets.ts'
import type { Outcome } from './try-cell.ts'
import type { VerifiedCell } from './verified-cell.ts'

type Judged = Omit<VerifiedCell, 'cell'>

/** Somebody on the way said that it is forbidden: ICMP, or the firewall of this machine. */
const FORBIDDEN = ['EHOSTUNREACH', 'EACCES', 'EPERM', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']

/** The system's words for a reset, and for a port that nobody listens at. */
const REFUSED = ['ECONNREFUSED', 'ECONNRESET']

/**
 * What an outcome proves. A refused connection has arrived, where no firewall refuses in the same words; silence
 * proves a denial of TCP only, because a program may keep silent about a datagram.
 */
export function judgeOutcome(
  cell: Cell,
  address: string,
  outcome: Outcome,
  router: Perimeter['router'],
): Judged {
  const ms = `${outcome.ms.toFixed(0)} ms`
  const said = (verdict: Judged['verdict'], words: string): Judged => ({
    verdict,
    evidence: `${address}: ${words}`,
  })
  switch (outcome.kind) {
    case 'answered':
      return said('allowed', `${outcome.detail} in ${ms}`)
    case 'silent':
      if (cell.protocol === 'udp')
        return said(
          'unknown',
          `no answer within ${ms}; a datagram that arrived may be left unanswered as well`,
        )
      if (mayBeNobody(cell) && cell.expected === 'allowed')
        return said('unknown', `no answer within ${ms}; nobody is known to listen there`)
      return said('denied', `no answer within ${ms}`)
    case 'failed':
      if (REFUSED.includes(outcome.code)) {
        const other = whoElseRefuses(cell, router)
        return other === undefined
          ? said('allowed', `arrived: refused by the machine itself in ${ms}`)
          : said('unknown', `refused in ${ms}, by the machine or by ${other}`)
      }
      if (FORBIDDEN.includes(outcome.code)) return said('denied', `${outcome.code} in ${ms}`)
      return said('unknown', `this computer could not send it: ${outcome.code}`)
  }
}

/** Refusals look the same, whoever sends them. */
function whoElseRefuses({ from, to }: Cell, router: Perimeter['router']): string | undefined {
  if (from === 'internet' && to === 'router') return 'the router of the ISP, which has the same address'
  return router.system === 'openwrt' ? 'OpenWrt, whose firewall says the same' : undefined
}
