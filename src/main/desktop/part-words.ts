import type { ClientState, ListenerState, RelayState } from '../../shared/state/bridge-state.ts'
import type { EgressState, TunnelState } from '../../shared/state/egress.ts'
import type { LinkState } from '../../shared/state/link.ts'
import type { OllamaState } from '../../shared/state/ollama.ts'
import { isRelaySwitchedOff } from '../../shared/state/part-health.ts'
import type { VpnState } from '../../shared/state/vpn.ts'
import { assertNever } from '../../shared/util/assert-never.ts'
import { words } from './words/words.ts'

/** Words for menu lines. They hold no time that runs: a menu that changes while it is open closes on Linux. */

export function linkWords(link: LinkState): string {
  const said = words.parts.link
  switch (link.phase) {
    case 'idle':
      return said.idle
    case 'connecting':
      if (link.step === 'waiting-for-you') return said.waitingForYou
      // The same words from one attempt to the next: a menu that changes closes.
      return link.outage === undefined ? said.connecting : said.again(link.outage.cause.message)
    case 'connected':
      return said.connected
    case 'reconnecting':
      return said.again(link.cause.message)
    case 'failed':
      return said.failed(link.cause.message)
    case 'closing':
      return said.closing
    default:
      return assertNever(link)
  }
}

export function relayName({ kind, place }: Pick<RelayState, 'kind' | 'place'>): string {
  return kind === 'embedded' ? words.parts.builtInRelay : words.parts.relay(place)
}

export function relayWords({ link, health }: RelayState): string {
  const said = words.parts.health
  if (isRelaySwitchedOff({ relay: { link } })) return words.parts.off
  if (link.phase !== 'connected') return linkWords(link)
  switch (health.kind) {
    case 'unknown':
      return said.unknown
    case 'failing':
      return said.failing(health.cause.message)
    case 'ok': {
      const names = health.upstreams.filter(({ signedIn }) => signedIn).map(({ name }) => name)
      return names.length === 0 ? said.signedOut : said.ready(names)
    }
    default:
      return assertNever(health)
  }
}

export function clientWords({ enabled, link, listener, path }: ClientState): string {
  if (!enabled) return words.parts.off
  if (link.phase !== 'connected') return linkWords(link)
  if (listener.phase !== 'listening') return listenerWords(listener)
  if (path.kind === 'broken') return words.parts.path.broken(path.cause.message)
  return words.parts.path.ready(listener.address)
}

export function listenerWords(listener: ListenerState): string {
  const said = words.parts.listener
  switch (listener.phase) {
    case 'off':
      return said.off
    case 'opening':
      return listener.cause === undefined
        ? said.opening(listener.address)
        : said.openingStill(listener.address, listener.cause.message)
    case 'listening':
      return said.listening(listener.address)
    case 'failed':
      return listener.cause.message
    default:
      return assertNever(listener)
  }
}

export function ollamaWords(ollama: OllamaState): string {
  switch (ollama.kind) {
    case 'off':
    case 'unknown':
      return words.parts.ollamaIs.unknown
    case 'ok':
      return words.parts.ollamaIs.ok(ollama.version, ollama.models.length)
    case 'failing':
      return ollama.cause.message
    default:
      return assertNever(ollama)
  }
}

/** No ages: those run. */
export function vpnWords(vpn: Exclude<VpnState, { kind: 'off' }>): string {
  const said = words.parts.vpnIs
  switch (vpn.kind) {
    case 'unknown':
      return said.unknown
    case 'changing':
      return vpn.to === 'up' ? said.goingUp : said.goingDown
    case 'failing':
      return vpn.cause.message
    case 'up':
    case 'down':
      return said[vpn.kind]
    default:
      return assertNever(vpn)
  }
}

/** Where hosts lead that no rule names. */
export function proxyWords({ use }: EgressState): string {
  return words.parts.proxyIs[use]
}

/** No time and no cost: those run. */
export function tunnelWords(tunnel: TunnelState): string {
  const said = words.parts.tunnelIs
  const { again, failed } = words.parts.link
  switch (tunnel.phase) {
    case 'off':
      return said.off
    case 'asleep':
      return said.asleep(words.parts.control[tunnel.control])
    case 'waking':
      return said.waking(words.parts.stage[tunnel.stage])
    case 'connecting':
      // The same words from one attempt to the next: a menu that changes closes.
      return tunnel.outage === undefined ? said.connecting(tunnel.server) : again(tunnel.outage.cause.message)
    case 'connected':
      return said.connected(tunnel.server)
    case 'reconnecting':
      return again(tunnel.cause.message)
    case 'draining':
      return said.draining
    case 'killing':
      return said.killing
    case 'failed':
      return failed(tunnel.cause.message)
    default:
      return assertNever(tunnel)
  }
}
