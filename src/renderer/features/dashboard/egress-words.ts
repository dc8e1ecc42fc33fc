import type { EgressState, RunningServer, TunnelState } from '../../../shared/state/egress.ts'
import { assertNever } from '../../../shared/util/assert-never.ts'
import { numberText } from '../../ui/amount-text.ts'
import { words } from '../../words/words.ts'
import type { PartWord } from './part-words.ts'

const { states, egress: say } = words

/** How the proxy of this computer gets out, in a line. */
export function proxyText({ use, tunnel }: EgressState): string {
  if (use === 'mtls') return say.tunnelled
  return tunnel.phase === 'off' ? say.direct : say.directWithTunnel
}

export function tunnelWord(tunnel: TunnelState): PartWord {
  switch (tunnel.phase) {
    case 'off':
      return { tone: 'quiet', word: states.off }
    case 'asleep':
      return { tone: 'quiet', word: states.asleep, since: tunnel.since }
    case 'waking':
      return { tone: 'busy', word: states.waking, since: tunnel.since }
    case 'connecting':
      return { tone: 'busy', word: states.connecting, since: tunnel.since }
    case 'connected':
      return { tone: 'good', word: states.connected, since: tunnel.since }
    case 'reconnecting':
      return {
        tone: 'bad',
        word: states.reconnecting,
        since: tunnel.since,
        nextTryAt: tunnel.nextTryAt,
      }
    case 'draining':
      return { tone: 'quiet', word: states.draining }
    case 'killing':
      return { tone: 'busy', word: states.killing, since: tunnel.since }
    case 'failed':
      return { tone: 'bad', word: states.failed, since: tunnel.since }
    default:
      return assertNever(tunnel, 'tunnel')
  }
}

/** `~$0.04`; a server that just started has cost something, and one without a price is unknown. */
export function costText({ costUsd }: RunningServer): string {
  if (costUsd === undefined) return say.costUnknown
  return costUsd < 0.005 ? say.costSmall : say.costKnown(numberText(costUsd))
}
