import type { BridgeState } from '../../../shared/state/bridge-state.ts'
import {
  clientPartHealth,
  isRelaySwitchedOff,
  isSignedIn,
  listenerPartHealth,
  relayPartHealth,
  tunnelPartHealth,
} from '../../../shared/state/part-health.ts'
import type { Tone } from '../../ui/tone.ts'
import { words } from '../../words/words.ts'

/** The whole in one line. */
export interface Overview {
  readonly tone: Tone
  readonly headline: string
  /** Since when everything works; only when it does. */
  readonly since?: number
}

export function overviewOf(state: BridgeState): Overview {
  const { headline } = words.dashboard
  if (state.wanted === 'disconnected') {
    const { phase } = state.egress.tunnel
    const isOver =
      [state.relay, ...state.clients].every(({ link }) => link.phase !== 'closing') &&
      phase !== 'draining' &&
      phase !== 'killing'
    return { tone: 'quiet', headline: isOver ? headline.disconnected : headline.disconnecting }
  }
  if (state.prompts.length > 0) return { tone: 'ask', headline: headline.needsYou }
  if (isRelaySwitchedOff(state)) return { tone: 'quiet', headline: headline.relayOff }
  const relay = relayPartHealth(state)
  if (relay.kind === 'broken') return { tone: 'bad', headline: headline.relayOut }
  if (relay.kind === 'pending') {
    return { tone: 'busy', headline: relay.cause === undefined ? headline.connecting : headline.relayMending }
  }
  if (!isSignedIn(state)) return { tone: 'ask', headline: headline.signIn }
  return overviewOfClients(state)
}

function overviewOfClients(state: BridgeState): Overview {
  const { headline } = words.dashboard
  const clients = state.clients.filter(({ enabled }) => enabled)
  const healths = clients.map((client) => clientPartHealth(client).kind)
  const good = healths.filter((kind) => kind === 'good').length
  if (healths.includes('broken')) {
    if (good === 0) return { tone: 'bad', headline: headline.clientsOut(clients.length) }
    return { tone: 'ask', headline: headline.degraded(good, clients.length) }
  }
  const agent = listenerPartHealth(state.agent).kind
  if (healths.includes('pending') || agent === 'pending')
    return { tone: 'busy', headline: headline.connecting }
  const isPartly = agent === 'broken' || tunnelPartHealth(state.egress.tunnel).kind === 'broken'
  return { tone: isPartly ? 'ask' : 'good', headline: headline.connected, ...sinceOf(state) }
}

/** Everything works since the last link came up. */
function sinceOf({ relay, clients }: BridgeState): { readonly since?: number } {
  const times = [relay, ...clients.filter(({ enabled }) => enabled)].flatMap(({ link }) =>
    link.phase === 'connected' ? link.since : [],
  )
  return times.length === 0 ? {} : { since: Math.max(...times) }
}
