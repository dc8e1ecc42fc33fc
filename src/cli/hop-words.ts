import type { Failure } from '../shared/errors/app-error.ts'
import type { BridgeState, ClientState, ListenerState, RelayState } from '../shared/state/bridge-state.ts'
import type { LinkState, LinkStep } from '../shared/state/link.ts'
import { takesSignIn } from '../shared/state/part-health.ts'
import { byteCount, duration, latency } from '../shared/util/amounts.ts'
import { assertNever } from '../shared/util/assert-never.ts'
import type { Tone } from './terminal-text.ts'

export type Health = 'up' | 'working' | 'waiting' | 'asking' | 'broken' | 'off'

/** One hop of the path in words. */
export interface Hop {
  readonly name: string
  readonly health: Health
  /** State and since when. */
  readonly words: string
  readonly facts: readonly string[]
  readonly cause?: Failure
  /** What to do, where that is more than the remedy of the cause. */
  readonly advice?: string
}

export const SYMBOLS: Readonly<Record<Health, readonly [symbol: string, tone: Tone]>> = {
  up: ['●', 'good'],
  working: ['◐', 'busy'],
  waiting: ['↻', 'busy'],
  asking: ['!', 'ask'],
  broken: ['✗', 'bad'],
  off: ['○', 'quiet'],
}

const STEPS: Readonly<Record<LinkStep, string>> = {
  resolving: 'looking up the host',
  connecting: 'reaching the host',
  authenticating: 'logging in',
  'waiting-for-you': 'waiting for your answer',
  opening: 'opening the tunnel',
  verifying: 'trying the path',
}

type Words = Pick<Hop, 'health' | 'words' | 'cause' | 'advice'>

function linkWords(link: LinkState, now: number): Words {
  switch (link.phase) {
    case 'idle':
      return { health: 'off', words: 'not connected' }
    case 'connecting':
      return connectingWords(link, now)
    case 'connected':
      return { health: 'up', words: `connected for ${duration(now - link.since)}` }
    case 'reconnecting': {
      const seconds = Math.ceil((link.nextTryAt - now) / 1000)
      const next = seconds > 0 ? `next try in ${duration(seconds * 1000)}` : 'next try now'
      const words = `down for ${duration(now - link.since)}, ${next} (attempt ${link.attempt})`
      return { health: 'waiting', words, cause: link.cause }
    }
    case 'failed':
      return { health: 'broken', words: `stopped ${duration(now - link.since)} ago`, cause: link.cause }
    case 'closing':
      return { health: 'off', words: 'closing' }
    default:
      return assertNever(link, 'link')
  }
}

function connectingWords(
  { attempt, outage, since, step }: Extract<LinkState, { phase: 'connecting' }>,
  now: number,
): Words {
  const health = step === 'waiting-for-you' ? 'asking' : 'working'
  if (outage !== undefined) {
    const words = `down for ${duration(now - outage.since)}, ${STEPS[step]} (attempt ${attempt})`
    return { health, words, cause: outage.cause }
  }
  const count = attempt > 1 ? `, attempt ${attempt}` : ''
  return { health, words: `${STEPS[step]} for ${duration(now - since)}${count}` }
}

function listenerWords(listener: ListenerState, target: string, now: number): Words {
  switch (listener.phase) {
    case 'off':
      return { health: 'off', words: 'not listening' }
    case 'opening': {
      const words = `opening ${listener.address} for ${duration(now - listener.since)}`
      return { health: 'working', words, ...(listener.cause === undefined ? {} : { cause: listener.cause }) }
    }
    case 'listening':
      return { health: 'up', words: `listening on ${listener.address} for ${duration(now - listener.since)}` }
    case 'failed': {
      const words = `cannot listen on ${listener.address} for ${duration(now - listener.since)}`
      const { cause, otherPort } = listener
      if (otherPort === undefined) return { health: 'broken', words, cause }
      const advice = `Port ${otherPort} is free: sovereign use-port ${shellWord(target)} ${otherPort}`
      return { health: 'broken', words, cause, advice }
    }
    default:
      return assertNever(listener, 'listener')
  }
}

function shellWord(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** A client is only up when a request from its own loopback reaches the relay. */
export function clientHop(client: ClientState, now: number): Hop {
  const words = clientWords(client, now)
  const facts = words.health === 'off' ? [] : clientFacts(client, now)
  const place = client.place === client.name || words.health === 'up' ? [] : [client.place]
  return { name: client.name, ...words, facts: [...place, ...facts] }
}

function clientWords(client: ClientState, now: number): Words {
  if (!client.enabled) return { health: 'off', words: 'switched off' }
  const link = linkWords(client.link, now)
  if (link.health !== 'up') return link
  const listener = listenerWords(client.listener, client.name, now)
  if (listener.health !== 'up') return { ...listener, words: `connected, ${listener.words}` }
  const { path } = client
  switch (path.kind) {
    case 'unproven':
      return { health: 'working', words: 'connected, path not tried yet' }
    case 'broken':
      return {
        health: 'broken',
        words: `connected, no way through for ${duration(now - path.at)}`,
        cause: path.cause,
      }
    case 'proven':
    case 'not-checkable':
      return link
    default:
      return assertNever(path, 'path')
  }
}

function clientFacts({ link, listener, path, traffic }: ClientState, now: number): string[] {
  const facts: string[] = []
  if (link.phase === 'connected' && link.roundTripMs !== undefined)
    facts.push(`SSH ${latency(link.roundTripMs)}`)
  if (path.kind === 'proven' && link.phase === 'connected' && listener.phase === 'listening')
    facts.push(`relay ${latency(path.roundTripMs)}`)
  if (listener.phase === 'listening' && link.phase === 'connected')
    facts.push(`listens on ${listener.address}`)
  if (traffic.totalChannels > 0) {
    facts.push(`${byteCount(traffic.bytesToClient)} in, ${byteCount(traffic.bytesFromClient)} out`)
    if (traffic.openChannels > 0) facts.push(`${traffic.openChannels} under way`)
    else if (traffic.lastByteAt !== undefined) facts.push(`quiet for ${duration(now - traffic.lastByteAt)}`)
  }
  if (path.kind === 'not-checkable') facts.push(`path cannot be tried from there: ${path.reason}`)
  return facts
}

export function agentHop(agent: ListenerState, now: number): Hop {
  return { name: 'agent', ...listenerWords(agent, 'agent', now), facts: [] }
}

export function relayHop(relay: RelayState, now: number): Hop {
  const { health, link } = relay
  const name = relay.kind === 'embedded' ? 'in this bridge' : relay.place
  const words = linkWords(link, now)
  if (words.health !== 'up') return { name, ...words, facts: [] }
  const tunnel =
    link.phase === 'connected' && link.roundTripMs !== undefined ? [`SSH ${latency(link.roundTripMs)}`] : []
  switch (health.kind) {
    case 'unknown':
      return { name, health: 'working', words: `${words.words}, not asked yet`, facts: tunnel }
    case 'failing': {
      return {
        name,
        health: 'broken',
        words: `no good answer, asked ${duration(now - health.at)} ago`,
        facts: tunnel,
        cause: health.cause,
      }
    }
    case 'ok': {
      const answer = `answers in ${latency(health.roundTripMs)}`
      const facts = [...tunnel, answer, `version ${health.version}`, `asked ${duration(now - health.at)} ago`]
      return { name, ...words, facts }
    }
    default:
      return assertNever(health, 'health')
  }
}

export function upstreamHops(relay: RelayState): Hop[] {
  const upstreams =
    relay.link.phase === 'connected' && relay.health.kind === 'ok' ? relay.health.upstreams : []
  const isAnySignedIn = upstreams.some(({ signedIn }) => signedIn)
  return upstreams.map(({ name, signedIn }) => {
    const isAccount = takesSignIn(name)
    if (signedIn) return { name, health: 'up', words: isAccount ? 'signed in' : 'ready', facts: [] }
    const words = isAccount ? 'not signed in' : 'key missing'
    const hop: Hop = { name, health: isAnySignedIn ? 'off' : 'asking', words, facts: [] }
    // One is enough to work with.
    if (isAnySignedIn) return hop
    const place = relay.kind === 'embedded' ? 'In another terminal' : 'On the relay'
    const command = isAccount ? `login${LOGIN_OPTIONS[name] ?? ''}` : 'providers list'
    return { ...hop, advice: `${place}: sovereign relay ${command}` }
  })
}

const LOGIN_OPTIONS: Readonly<Record<string, string>> = { openrouter: ' --openrouter-key' }

interface Summary {
  readonly health: Health
  readonly words: string
}

/** The whole in one sentence. */
export function summary(state: BridgeState, now: number): Summary {
  if (state.wanted === 'disconnected') {
    const isOver = [state.relay, ...state.clients].every(({ link }) => link.phase === 'idle')
    return isOver
      ? { health: 'off', words: 'Disconnected, as you wished.' }
      : { health: 'working', words: 'Disconnecting; streams may finish.' }
  }
  const relay = relayHop(state.relay, now).health
  if (relay !== 'up') return { health: relay, words: RELAY_WORDS[relay] }
  const upstreams = upstreamHops(state.relay)
  if (upstreams.some(({ health }) => health === 'asking')) {
    return { health: 'asking', words: 'The relay is signed in to no upstream.' }
  }
  return clientSummary(
    state.clients.filter(({ enabled }) => enabled).map((client) => clientHop(client, now).health),
  )
}

function clientSummary(clients: readonly Health[]): Summary {
  if (clients.length === 0) return { health: 'up', words: 'The relay is ready. No clients to connect.' }
  const up = clients.filter((health) => health === 'up').length
  if (up < clients.length) {
    const worst = (['broken', 'asking', 'waiting', 'working', 'off'] as const).find((health) =>
      clients.includes(health),
    )
    const words = clients.length === 1 ? 'The client does not' : `${up} of ${clients.length} clients`
    return { health: worst ?? 'up', words: `${words} reach the relay.` }
  }
  const who = up === 1 ? 'The client reaches' : `${up === 2 ? 'Both' : `All ${up}`} clients reach`
  return { health: 'up', words: `${who} the relay.` }
}

const RELAY_WORDS: Readonly<Record<Exclude<Health, 'up'>, string>> = {
  working: 'On the way to the relay.',
  asking: 'The way to the relay waits for your answer.',
  waiting: 'The relay is out of reach for now.',
  broken: 'The relay does not work.',
  off: 'The relay is not connected.',
}
