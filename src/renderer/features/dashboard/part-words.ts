import type {
  ClientState,
  ListenerState,
  RelayState,
  UpstreamHealth,
} from '../../../shared/state/bridge-state.ts'
import type { LinkState } from '../../../shared/state/link.ts'
import { isRelaySwitchedOff, takesSignIn } from '../../../shared/state/part-health.ts'
import { assertNever } from '../../../shared/util/assert-never.ts'
import type { Tone } from '../../ui/tone.ts'
import { words } from '../../words/words.ts'

/** How a part of the path is, in a word. */
export interface PartWord {
  readonly tone: Tone
  readonly word: string
  readonly since?: number
  readonly nextTryAt?: number
}

const { states } = words

export function linkWord(link: LinkState): PartWord {
  switch (link.phase) {
    case 'idle':
      return { tone: 'quiet', word: states.off }
    case 'connecting':
      return {
        tone: link.step === 'waiting-for-you' ? 'ask' : 'busy',
        word: states.steps[link.step],
        since: link.since,
      }
    case 'connected':
      return { tone: 'good', word: states.connected, since: link.since }
    case 'reconnecting':
      return { tone: 'bad', word: states.reconnecting, since: link.since, nextTryAt: link.nextTryAt }
    case 'failed':
      return { tone: 'bad', word: states.failed, since: link.since }
    case 'closing':
      return { tone: 'quiet', word: states.closing }
    default:
      return assertNever(link, 'link')
  }
}

export function listenerWord(listener: ListenerState): PartWord {
  switch (listener.phase) {
    case 'off':
      return { tone: 'quiet', word: states.notListening }
    case 'opening':
      return {
        tone: listener.cause === undefined ? 'busy' : 'bad',
        word: states.opening,
        since: listener.since,
      }
    case 'listening':
      return { tone: 'good', word: states.ready, since: listener.since }
    case 'failed':
      return { tone: 'bad', word: states.failed, since: listener.since }
    default:
      return assertNever(listener, 'listener')
  }
}

export function clientWord({ enabled, link, listener, path }: ClientState): PartWord {
  if (!enabled) return { tone: 'quiet', word: states.switchedOff }
  const linked = linkWord(link)
  if (linked.tone !== 'good') return linked
  if (listener.phase !== 'listening') return listenerWord(listener)
  switch (path.kind) {
    case 'broken':
      return { tone: 'bad', word: states.pathBroken }
    case 'unproven':
      return { tone: 'busy', word: states.pathUntried }
    case 'proven':
    case 'not-checkable':
      return linked
    default:
      return assertNever(path, 'path')
  }
}

export function relayWord({ link, health }: RelayState): PartWord {
  if (isRelaySwitchedOff({ relay: { link } })) return { tone: 'quiet', word: states.switchedOff }
  const linked = linkWord(link)
  if (linked.tone !== 'good') return linked
  switch (health.kind) {
    case 'unknown':
      return { tone: 'busy', word: states.notAsked }
    case 'failing':
      return { tone: 'bad', word: states.notAnswering }
    case 'ok':
      return { ...linked, word: states.ready }
    default:
      return assertNever(health, 'health')
  }
}

const PROVIDERS: Readonly<Record<string, string>> = { copilot: 'GitHub Copilot', openrouter: 'OpenRouter' }

export function upstreamName({ name }: UpstreamHealth): string {
  return PROVIDERS[name] ?? name
}

/** @param hasOther one provider is enough to work with. */
export function upstreamWord({ name, signedIn }: UpstreamHealth, hasOther: boolean): PartWord {
  const word = takesSignIn(name)
    ? states[signedIn ? 'signedIn' : 'notSignedIn']
    : states[signedIn ? 'ready' : 'keyMissing']
  return { tone: signedIn ? 'good' : hasOther ? 'quiet' : 'ask', word }
}
