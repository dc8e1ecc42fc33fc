import type { ClientState, ListenerState, RelayState } from '../../shared/state/bridge-state.ts'
import type { LinkState } from '../../shared/state/link.ts'
import type { OllamaState } from '../../shared/state/ollama.ts'
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
      return link.step === 'waiting-for-you' ? 'waiting for an answer from you' : 'connecting'
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

export function relayName({ kind, place }: RelayState): string {
  return kind === 'embedded' ? 'the built-in relay' : `the relay ${place}`
}

export function relayWords({ link, health }: RelayState): string {
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
