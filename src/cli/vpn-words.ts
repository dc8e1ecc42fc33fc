import { HANDSHAKE_STALE_MS, type VpnState } from '../shared/state/vpn.ts'
import { duration } from '../shared/util/amounts.ts'
import { assertNever } from '../shared/util/assert-never.ts'
import type { Hop } from './hop-words.ts'

/** The WireGuard tunnel of the profile; nothing where it names none. */
export function vpnHops(vpn: VpnState, now: number): Hop[] {
  if (vpn.kind === 'off') return []
  return [{ name: `VPN ${vpn.tunnel}`, facts: [], ...vpnWords(vpn, now) }]
}

type Words = Pick<Hop, 'health' | 'words' | 'cause' | 'advice'> & Partial<Pick<Hop, 'facts'>>

function vpnWords(vpn: Exclude<VpnState, { kind: 'off' }>, now: number): Words {
  switch (vpn.kind) {
    case 'unknown':
      return { health: 'working', words: 'not looked at yet' }
    case 'changing':
      return { health: 'working', words: vpn.to === 'up' ? 'going up' : 'going down' }
    case 'failing':
      return { health: 'broken', words: 'cannot be looked at', cause: vpn.cause }
    case 'down':
      return { health: 'off', words: 'down', advice: 'Bring it up: sovereign vpn up' }
    case 'up':
      return upWords(vpn, now)
    default:
      return assertNever(vpn, 'VPN')
  }
}

function upWords({ details, verified }: Extract<VpnState, { kind: 'up' | 'down' }>, now: number): Words {
  const proof =
    verified === undefined
      ? []
      : [
          `perimeter verified ${duration(now - verified.at)} ago: ${verified.right} right, ${verified.wrong} wrong`,
        ]
  if (details.kind === 'hidden') return { health: 'up', words: 'up', facts: proof }
  const { endpoint, handshakeAt } = details
  const facts = [...(endpoint === undefined ? [] : [`router ${endpoint}`]), ...proof]
  if (handshakeAt === undefined) return { health: 'waiting', words: 'up, no handshake yet', facts }
  const words = `up, last handshake ${duration(now - handshakeAt)} ago`
  return { health: now - handshakeAt > HANDSHAKE_STALE_MS ? 'waiting' : 'up', words, facts }
}
