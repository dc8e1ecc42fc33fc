import type { BridgeState, ListenerState } from '../shared/state/bridge-state.ts'
import type { LinkState } from '../shared/state/link.ts'
import { linkCause } from '../shared/state/link.ts'
import { assertNever } from '../shared/util/assert-never.ts'

/** One line for each thing that changed between two states, for a log file or a pipe; traffic is left out. */
export function changeLines(before: BridgeState | undefined, now: BridgeState): string[] {
  const then = new Map(before === undefined ? [] : facts(before))
  return facts(now).flatMap(([thing, words]) => (then.get(thing) === words ? [] : [`${thing}: ${words}`]))
}

function facts(state: BridgeState): [thing: string, words: string][] {
  return [
    [`relay ${state.relay.place}`, linkWords(state.relay.link)],
    ['relay health', healthWords(state)],
    ['this computer', listenerWords(state.agent)],
    ...state.clients.flatMap((client): [string, string][] => [
      [`client ${client.name}`, client.enabled ? linkWords(client.link) : 'switched off'],
      [`client ${client.name} address`, listenerWords(client.listener)],
      [`client ${client.name} path`, pathWords(client.path)],
    ]),
    ...state.prompts.map((prompt): [string, string] => [
      `question ${prompt.id}`,
      `${prompt.kind}; answer it with "sovereign prompts"`,
    ]),
  ]
}

function linkWords(link: LinkState): string {
  const cause = linkCause(link)
  const why = cause === undefined ? '' : `: ${cause.message}`
  switch (link.phase) {
    case 'connected':
      return link.roundTripMs === undefined || link.roundTripMs === 0
        ? 'connected'
        : `connected (${link.roundTripMs.toFixed(0)} ms)`
    case 'connecting':
      return link.step === 'waiting-for-you' ? 'waiting for an answer from you' : 'connecting'
    case 'reconnecting':
      return `reconnecting (attempt ${link.attempt})${why}`
    case 'failed':
      return `failed${why} ${link.cause.remedy}`
    case 'idle':
      return 'not connected'
    case 'closing':
      return 'closing'
    default:
      return assertNever(link)
  }
}

function listenerWords(listener: ListenerState): string {
  switch (listener.phase) {
    case 'off':
      return 'not listening'
    case 'opening':
      return `opening ${listener.address}${listener.cause === undefined ? '' : `: ${listener.cause.message}`}`
    case 'listening':
      return `listening on ${listener.address}`
    case 'failed':
      return `${listener.cause.message} ${listener.cause.remedy}${listener.otherPort === undefined ? '' : ` Free instead: ${listener.otherPort}.`}`
    default:
      return assertNever(listener)
  }
}

function healthWords({ relay: { health } }: BridgeState): string {
  if (health.kind === 'unknown') return 'unknown'
  if (health.kind === 'failing') return `failing: ${health.cause.message} ${health.cause.remedy}`
  const signedIn = health.upstreams.filter((upstream) => upstream.signedIn).map(({ name }) => name)
  return signedIn.length === 0
    ? 'ok, not signed in: run "sovereign relay login"'
    : `ok, signed in to ${signedIn.join(' and ')}`
}

function pathWords(path: BridgeState['clients'][number]['path']): string {
  switch (path.kind) {
    case 'unproven':
      return 'not tried yet'
    case 'proven':
      return 'a request from there reached the relay and came back'
    case 'broken':
      return `broken: ${path.cause.message} ${path.cause.remedy}`
    case 'not-checkable':
      return `cannot be tried from here: ${path.reason}`
    default:
      return assertNever(path)
  }
}
