import type { ClientState, ListenerState, RelayState } from '../../shared/state/bridge-state.ts'
import type { ControlKind, EgressState, TunnelState, WakeStage } from '../../shared/state/egress.ts'
import type { LinkState } from '../../shared/state/link.ts'
import type { OllamaState } from '../../shared/state/ollama.ts'
import { isRelaySwitchedOff } from '../../shared/state/part-health.ts'
import type { VpnState } from '../../shared/state/vpn.ts'
import { assertNever } from '../../shared/util/assert-never.ts'

/** Words for menu lines. They hold no time that runs: a menu that changes while it is open closes on Linux. */

const LINE_LENGTH = 100

/** One printable line: hosts and servers have a say in what stands in a message. */
export function oneLine(text: string, maxLength = LINE_LENGTH): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).trimEnd()}…`
}

export function linkWords(link: LinkState): string {
  switch (link.phase) {
    case 'idle':
      return 'not connected'
    case 'connecting':
      if (link.step === 'waiting-for-you') return 'waiting for an answer from you'
      // The same words from one attempt to the next: a menu that changes closes.
      return link.outage === undefined ? 'connecting' : `connecting again: ${link.outage.cause.message}`
    case 'connected':
      return 'connected'
    case 'reconnecting':
      return `connecting again: ${link.cause.message}`
    case 'failed':
      return `failed: ${link.cause.message}`
    case 'closing':
      return 'disconnecting'
    default:
      return assertNever(link)
  }
}

export function relayName({ kind, place }: Pick<RelayState, 'kind' | 'place'>): string {
  return kind === 'embedded' ? 'the built-in relay' : `the relay ${place}`
}

export function relayWords({ link, health }: RelayState): string {
  if (isRelaySwitchedOff({ relay: { link } })) return 'switched off'
  if (link.phase !== 'connected') return linkWords(link)
  switch (health.kind) {
    case 'unknown':
      return 'connected, not asked yet'
    case 'failing':
      return `not answering: ${health.cause.message}`
    case 'ok': {
      const names = health.upstreams.filter(({ signedIn }) => signedIn).map(({ name }) => name)
      return names.length === 0 ? 'connected, not signed in' : `connected, ${names.join(' and ')} ready`
    }
    default:
      return assertNever(health)
  }
}

export function clientWords({ enabled, link, listener, path }: ClientState): string {
  if (!enabled) return 'switched off'
  if (link.phase !== 'connected') return linkWords(link)
  if (listener.phase !== 'listening') return listenerWords(listener)
  if (path.kind === 'broken') return `the path is broken: ${path.cause.message}`
  return `connected, ready on ${listener.address}`
}

export function listenerWords(listener: ListenerState): string {
  switch (listener.phase) {
    case 'off':
      return 'not listening'
    case 'opening':
      return listener.cause === undefined
        ? `opening ${listener.address}`
        : `opening ${listener.address}: ${listener.cause.message}`
    case 'listening':
      return `ready on ${listener.address}`
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
      return 'not asked yet'
    case 'ok': {
      const { length } = ollama.models
      return `version ${ollama.version}, ${length === 1 ? '1 model' : `${length} models`}`
    }
    case 'failing':
      return ollama.cause.message
    default:
      return assertNever(ollama)
  }
}

/** No ages: those run. */
export function vpnWords(vpn: Exclude<VpnState, { kind: 'off' }>): string {
  switch (vpn.kind) {
    case 'unknown':
      return 'not looked at yet'
    case 'changing':
      return vpn.to === 'up' ? 'going up' : 'going down'
    case 'failing':
      return vpn.cause.message
    case 'up':
    case 'down':
      return vpn.kind
    default:
      return assertNever(vpn)
  }
}

/** Where hosts lead that no rule names. */
export function proxyWords({ use }: EgressState): string {
  return use === 'mtls' ? 'through the tunnel' : 'direct, the tunnel by rule only'
}

/** No time and no cost: those run. */
export function tunnelWords(tunnel: TunnelState): string {
  switch (tunnel.phase) {
    case 'off':
      return 'not connected'
    case 'asleep':
      return `asleep, the first request wakes it by ${CONTROLS[tunnel.control]}`
    case 'waking':
      return `waking, ${STAGES[tunnel.stage]}`
    case 'connecting':
      // The same words from one attempt to the next: a menu that changes closes.
      return tunnel.outage === undefined
        ? `connecting to ${tunnel.server}`
        : `connecting again: ${tunnel.outage.cause.message}`
    case 'connected':
      return `connected to ${tunnel.server}`
    case 'reconnecting':
      return `connecting again: ${tunnel.cause.message}`
    case 'draining':
      return 'letting answers finish'
    case 'killing':
      return 'stopping the server'
    case 'failed':
      return `failed: ${tunnel.cause.message}`
    default:
      return assertNever(tunnel)
  }
}

const CONTROLS: Readonly<Record<ControlKind, string>> = {
  aws: 'AWS',
  webhook: 'webhook',
  'wake-on-lan': 'Wake-on-LAN',
  process: 'a program here',
}

const STAGES: Readonly<Record<WakeStage, string>> = {
  requested: 'start requested',
  provisioning: 'getting a machine',
  pending: 'starting the server',
  activating: 'getting its network',
  running: 'waiting for its answer',
  deactivating: 'an old server is ending',
  stopping: 'an old server is stopping',
  deprovisioning: 'an old machine is given back',
  stopped: 'starting anew',
}
