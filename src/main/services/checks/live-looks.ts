import { VERSION } from '../../../node/version.ts'
import type { ClientState, ListenerState } from '../../../shared/state/bridge-state.ts'
import { type LinkState, linkCause } from '../../../shared/state/link.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { httpOver } from '../../bridge/http-over.ts'
import { readHealth } from '../../bridge/relay-health.ts'
import { type Finding, failed, failedFor, type Look, ok, skipped, warning } from './check.ts'
import { ollamaFinding } from './ollama-look.ts'
import { proxyLooks } from './proxy-looks.ts'
import { vpnLooks } from './vpn-look.ts'

/** Certificates and tokens are valid for hours to months; clocks of healthy machines differ by less than seconds. */
const CLOCKS_DIFFER_MS = 2 * 60_000
const CLOCKS_HARM_MS = 60 * 60_000

const DISCONNECTED = 'The bridge is disconnected.'

/** What has to be asked anew for its look. */
export interface Probes {
  readonly probeOllama: () => Promise<void>
  readonly lookAtVpn: () => Promise<void>
}

/** What only a running bridge knows. */
export function liveLooks(core: BridgeCore, { lookAtVpn, probeOllama }: Probes): Look[] {
  const relay = askOnce(core)
  return [
    { id: 'agent', title: 'Port on this computer', run: async () => agentFinding(core) },
    { id: 'relay', title: 'Relay', run: (signal) => lookAtRelay(core, relay, signal) },
    { id: 'relay.sign-in', title: 'Sign-in of the relay', run: (signal) => lookAtSignIn(relay, signal) },
    { id: 'relay.version', title: 'Version of the relay', run: (signal) => lookAtVersion(relay, signal) },
    { id: 'relay.clock', title: 'Clocks', run: (signal) => lookAtClocks(relay, signal) },
    ...core.state.clients.flatMap((client) => clientLooks(client)),
    ...proxyLooks(core),
    ...vpnLooks(core, lookAtVpn),
    { id: 'ollama', title: 'Ollama', run: () => lookAtOllama(core, probeOllama) },
  ]
}

interface RelayAnswer {
  readonly health: ReturnType<typeof readHealth>
  /** How far the clock of the relay is ahead of ours, in milliseconds; undefined when it does not tell the time. */
  readonly aheadMs: number | undefined
}

type AskRelay = (signal: AbortSignal) => Promise<RelayAnswer | undefined>

/** Several looks share one question; undefined while there is no connection to ask over. */
function askOnce(core: BridgeCore): AskRelay {
  let asked: Promise<RelayAnswer | undefined> | undefined
  return (signal) => {
    const { link } = core.state.relay
    asked ??= link.phase === 'connected' ? askRelay(core, signal) : Promise.resolve(undefined)
    return asked
  }
}

async function askRelay(core: BridgeCore, signal: AbortSignal): Promise<RelayAnswer> {
  const connector = core.relay()
  const answer = await httpOver(await connector.open(signal), { method: 'GET', path: '/health', signal })
  const health = readHealth(answer, connector.place)
  const there = Date.parse(answer.date ?? '')
  // The header has whole seconds, rounded down.
  return { health, aheadMs: Number.isNaN(there) ? undefined : there + 500 - core.ambient.now() }
}

function agentFinding({ state: { agent } }: BridgeCore): Finding {
  return listenerFinding(agent) ?? skipped(DISCONNECTED)
}

function listenerFinding(listener: ListenerState): Finding | undefined {
  if (listener.phase === 'listening') return ok(`${listener.address} is open.`)
  if (listener.phase === 'failed') {
    const { cause, otherPort } = listener
    const offer = otherPort === undefined ? '' : ` Port ${otherPort} is free.`
    return failed(cause.message, `${cause.remedy}${offer}`)
  }
  if (listener.phase === 'opening')
    return warning(
      listener.cause?.message ?? `${listener.address} is being opened.`,
      'Look again in a moment.',
    )
  return undefined
}

function linkFinding(link: LinkState, place: string): Finding {
  const cause = linkCause(link)
  if (cause !== undefined) return failedFor(cause)
  if (link.phase === 'connected') {
    const answers =
      link.roundTripMs === undefined ? '' : `, and answers within ${Math.ceil(link.roundTripMs)} ms`
    return ok(`${place} is connected${answers}.`)
  }
  if (link.phase === 'connecting') return warning(`${place} is being connected.`, 'Look again in a moment.')
  return skipped('It is not connected.')
}

async function lookAtRelay({ state }: BridgeCore, ask: AskRelay, signal: AbortSignal): Promise<Finding> {
  const { link, place } = state.relay
  if (state.wanted === 'disconnected') return skipped(DISCONNECTED)
  const answer = await ask(signal)
  return answer === undefined ? linkFinding(link, place) : ok(`${place} answers.`)
}

async function lookAtSignIn(ask: AskRelay, signal: AbortSignal): Promise<Finding> {
  const answer = await known(ask, signal)
  if (answer === undefined) return skipped('The relay cannot be asked.')
  const signedIn = Object.entries(answer.health.upstreams).flatMap(([name, isSignedIn]) =>
    isSignedIn ? [name] : [],
  )
  if (signedIn.length > 0) return ok(`It is signed in to ${signedIn.join(', ')}.`)
  return failed(
    'It is signed in nowhere.',
    'Sign in with the dashboard, or run "sovereign relay login" where it runs.',
  )
}

async function lookAtVersion(ask: AskRelay, signal: AbortSignal): Promise<Finding> {
  const answer = await known(ask, signal)
  if (answer === undefined) return skipped('The relay cannot be asked.')
  const { version } = answer.health
  if (version === VERSION) return ok(`Both are ${VERSION}.`)
  return warning(
    `The relay is ${version} and this bridge ${VERSION}.`,
    'Update the older of the two; installing the relay again from here brings it to this version.',
  )
}

async function lookAtClocks(ask: AskRelay, signal: AbortSignal): Promise<Finding> {
  const answer = await known(ask, signal)
  if (answer?.aheadMs === undefined) return skipped('The relay does not tell the time.')
  const { aheadMs } = answer
  const apart = Math.abs(aheadMs)
  if (apart < CLOCKS_DIFFER_MS) return ok('This computer and the relay agree about the time.')
  const detail = `The clock of the relay is ${durationText(apart)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the one here.`
  const fix = 'Set both by the network (NTP): with a wrong clock certificates and sign-ins count as expired.'
  return apart < CLOCKS_HARM_MS ? warning(detail, fix) : failed(detail, fix)
}

/** Why the relay cannot be asked is said once, under "Relay". */
async function known(ask: AskRelay, signal: AbortSignal): Promise<RelayAnswer | undefined> {
  return ask(signal).catch(() => undefined)
}

function clientLooks({ enabled, link, listener, name, path, place }: ClientState): Look[] {
  const look = (part: string, title: string, finding: Finding): Look => ({
    id: `client.${name}.${part}`,
    title: `${name}: ${title}`,
    run: async () => finding,
  })
  if (!enabled) return [look('link', 'connection', skipped('It is left out.'))]
  return [
    look('link', 'connection', linkFinding(link, place)),
    look('listener', 'address there', listenerFinding(listener) ?? skipped('It is not connected.')),
    look('path', 'way to the relay', pathFinding(path)),
  ]
}

function pathFinding(path: ClientState['path']): Finding {
  switch (path.kind) {
    case 'proven':
      return ok(`A request went from there to the relay and back in ${Math.ceil(path.roundTripMs)} ms.`)
    case 'broken':
      return failedFor(path.cause)
    case 'not-checkable':
      return skipped(path.reason)
    case 'unproven':
      return skipped('Not tried yet.')
  }
}

async function lookAtOllama(core: BridgeCore, probe: () => Promise<void>): Promise<Finding> {
  if (core.profile.ollama === undefined) return skipped('The profile names none.')
  await probe()
  return ollamaFinding(core.state.ollama)
}

/** `1 day 2 h`, `3 h 5 min`, `4 min`. */
function durationText(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)]
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'} ${hours} h`
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`
}
