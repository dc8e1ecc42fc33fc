import type { Failure } from '../shared/errors/app-error.ts'
import type { BridgeState, ClientState, ListenerState } from '../shared/state/bridge-state.ts'
import type { TunnelState } from '../shared/state/egress.ts'
import type { LinkState, Outage } from '../shared/state/link.ts'
import { latency } from '../shared/util/amounts.ts'
import { assertNever } from '../shared/util/assert-never.ts'

/** How one thing of the bridge stands, in words for a line of a log. */
export type Fact =
  | {
      /** `passing`: on the way to something else, of no interest while that fails again and again. */
      readonly kind: 'steady' | 'passing'
      readonly words: string
      /** Said with the words, but no news by itself. */
      readonly note?: string
      /** In place of the words after trouble, in front of how long that was. */
      readonly back?: string
    }
  /** Tried again by itself. */
  | { readonly kind: 'trouble'; readonly doing: string; readonly cause: Failure; readonly detail: string }

/** Everything worth a line when it changes, by name; traffic is not. */
export function factsOf(state: BridgeState): [thing: string, fact: Fact][] {
  return [
    [`relay ${state.relay.place}`, linkFact(state.relay.link)],
    ['relay health', healthFact(state)],
    ['this computer', listenerFact(state.agent)],
    ...(state.egress.tunnel.phase === 'off'
      ? []
      : [['tunnel', tunnelFact(state.egress.tunnel)] satisfies [string, Fact]]),
    ...state.clients.flatMap((client): [string, Fact][] => [
      [`client ${client.name}`, client.enabled ? linkFact(client.link) : steady('switched off')],
      [`client ${client.name} address`, listenerFact(client.listener)],
      [`client ${client.name} path`, pathFact(client.path)],
    ]),
    ...state.prompts.map((prompt): [string, Fact] => [
      `question ${prompt.id}`,
      steady(`${prompt.kind}; answer it with "sovereign prompts"`),
    ]),
  ]
}

function steady(words: string): Fact {
  return { kind: 'steady', words }
}

function passing(words: string): Fact {
  return { kind: 'passing', words }
}

function trouble(doing: string, cause: Failure, detail = `${cause.message} ${cause.remedy}`): Fact {
  return { kind: 'trouble', doing, cause, detail }
}

/** The same while it waits and while it tries: one outage is told once. */
function outageFact({ cause }: Pick<Outage, 'cause'>): Fact {
  return trouble('reconnecting', cause, cause.message)
}

function linkFact(link: LinkState): Fact {
  switch (link.phase) {
    case 'connected': {
      const time = link.roundTripMs ? { note: ` (${latency(link.roundTripMs)})` } : {}
      return { kind: 'steady', words: 'connected', back: 'connected again', ...time }
    }
    case 'connecting':
      if (link.step === 'waiting-for-you') return steady('waiting for an answer from you')
      return link.outage === undefined ? passing('connecting') : outageFact(link.outage)
    case 'reconnecting':
      return outageFact(link)
    case 'failed':
      return steady(`failed: ${link.cause.message} ${link.cause.remedy}`)
    case 'idle':
      return steady('not connected')
    case 'closing':
      return steady('closing')
    default:
      return assertNever(link)
  }
}

function listenerFact(listener: ListenerState): Fact {
  switch (listener.phase) {
    case 'off':
      return steady('not listening')
    case 'opening': {
      const { address, cause } = listener
      return cause === undefined ? passing(`opening ${address}`) : trouble(`opening ${address}`, cause)
    }
    case 'listening':
      return steady(`listening on ${listener.address}`)
    case 'failed': {
      const { cause, otherPort } = listener
      const free = otherPort === undefined ? '' : ` Free instead: ${otherPort}.`
      return steady(`${cause.message} ${cause.remedy}${free}`)
    }
    default:
      return assertNever(listener)
  }
}

function tunnelFact(tunnel: TunnelState): Fact {
  switch (tunnel.phase) {
    case 'off':
      return steady('off')
    case 'asleep':
      return steady('asleep; the first request wakes it')
    case 'waking':
      return steady(`waking: ${tunnel.stage}`)
    case 'connecting':
      return tunnel.outage === undefined
        ? passing(`connecting to ${tunnel.server}`)
        : outageFact(tunnel.outage)
    case 'connected':
      return { kind: 'steady', words: `connected to ${tunnel.server}`, back: 'connected again' }
    case 'reconnecting':
      return outageFact(tunnel)
    case 'draining':
      return passing('letting connections finish')
    case 'killing':
      return steady('stopping its server')
    case 'failed':
      return steady(`failed: ${tunnel.cause.message} ${tunnel.cause.remedy}`)
    default:
      return assertNever(tunnel)
  }
}

function healthFact({ relay: { health } }: BridgeState): Fact {
  if (health.kind === 'unknown') return passing('unknown')
  if (health.kind === 'failing') return trouble('failing', health.cause)
  const signedIn = health.upstreams.filter((upstream) => upstream.signedIn).map(({ name }) => name)
  return steady(
    signedIn.length === 0
      ? 'ok, not signed in: run "sovereign relay login"'
      : `ok, signed in to ${signedIn.join(' and ')}`,
  )
}

function pathFact(path: ClientState['path']): Fact {
  switch (path.kind) {
    case 'unproven':
      return passing('not tried yet')
    case 'proven':
      return steady('a request from there reached the relay and came back')
    case 'broken':
      return trouble('broken', path.cause)
    case 'not-checkable':
      return steady(`cannot be tried from here: ${path.reason}`)
    default:
      return assertNever(path)
  }
}
