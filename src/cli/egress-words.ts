import type { EgressState, TunnelState, WakeStage } from '../shared/state/egress.ts'
import { duration, latency } from '../shared/util/amounts.ts'
import { assertNever } from '../shared/util/assert-never.ts'
import { daysToEnd, inDays } from '../shared/util/days.ts'
import type { Hop } from './hop-words.ts'

/** The proxy of this computer, where there is more to say than that it goes out directly. */
export function proxyHops({ certificateEndsAt, systemProxy, tunnel }: EgressState, now: number): Hop[] {
  const isBroken = systemProxy?.kind === 'failed'
  const words = isBroken ? 'could not be set or put back' : 'leads here'
  const system: Hop = {
    ...{ name: 'system proxy', health: isBroken ? 'broken' : 'up', words, facts: [] },
    ...(isBroken ? { cause: systemProxy.cause } : {}),
  }
  return [
    ...(systemProxy === undefined ? [] : [system]),
    ...(tunnel.phase === 'off' ? [] : [tunnelHop(tunnel, now, certificateEndsAt)]),
  ]
}

type Tunnel = Exclude<TunnelState, { phase: 'off' }>

/** The way out of the proxy of this computer, where that is not the direct one. */
export function tunnelHop(tunnel: Tunnel, now: number, certificateEndsAt?: number): Hop {
  const { facts = [], ...words } = tunnelWords(tunnel, now)
  return { name: 'tunnel', ...words, facts: [...facts, ...certificateFacts(certificateEndsAt, now)] }
}

function certificateFacts(endsAt: number | undefined, now: number): string[] {
  const days = endsAt === undefined ? undefined : daysToEnd(endsAt, now)
  if (endsAt === undefined || days === undefined) return []
  return [endsAt <= now ? 'its certificate has expired' : `its certificate ends ${inDays(days)}`]
}

const STAGES: Readonly<Record<WakeStage, string>> = {
  requested: 'asked for',
  provisioning: 'getting a machine',
  pending: 'waiting for its image',
  activating: 'getting its network',
  running: 'starting',
  deactivating: 'leaving its network',
  stopping: 'stopping',
  deprovisioning: 'giving its machine back',
  stopped: 'stopped',
}

type Words = Pick<Hop, 'health' | 'words' | 'cause'> & Partial<Pick<Hop, 'facts'>>

function tunnelWords(tunnel: Tunnel, now: number): Words {
  const lasted = duration(now - tunnel.since)
  switch (tunnel.phase) {
    case 'asleep':
      return { health: 'off', words: `asleep for ${lasted}; the first request wakes it` }
    case 'waking': {
      const { typicalMs = 0 } = tunnel
      // Less than what is told in numbers tells nothing.
      const typical = typicalMs < 1_000 ? '' : ` of about ${duration(typicalMs)}`
      const waiting = tunnel.held === 1 ? '1 request waits' : `${tunnel.held} requests wait`
      const words = `waking for ${lasted}${typical}: ${STAGES[tunnel.stage]}`
      return { health: 'working', words, facts: tunnel.held === 0 ? [] : [waiting] }
    }
    case 'connecting': {
      const { outage, server } = tunnel
      if (outage === undefined) return { health: 'working', words: `connecting to ${server} for ${lasted}` }
      const words = `down for ${duration(now - outage.since)}, connecting to ${server}`
      return { health: 'working', words, cause: outage.cause }
    }
    case 'connected':
      return { health: 'up', words: `connected for ${lasted}`, facts: connectedFacts(tunnel, now) }
    case 'reconnecting': {
      const seconds = Math.ceil((tunnel.nextTryAt - now) / 1000)
      const next = seconds > 0 ? `next try in ${duration(seconds * 1000)}` : 'next try now'
      const words = `down for ${lasted}, ${next} (attempt ${tunnel.attempt})`
      return { health: 'waiting', words, cause: tunnel.cause }
    }
    case 'draining':
      return { health: 'working', words: 'letting connections finish' }
    case 'killing':
      return { health: 'working', words: `stopping its server for ${lasted}` }
    case 'failed':
      return { health: 'broken', words: `stopped ${lasted} ago`, cause: tunnel.cause }
    default:
      return assertNever(tunnel, 'tunnel')
  }
}

function connectedFacts(
  { server, protocol, roundTripMs, running }: Extract<TunnelState, { phase: 'connected' }>,
  now: number,
): string[] {
  const facts = [server, protocol === 'h2' ? 'HTTP/2' : 'envelopes']
  if (roundTripMs !== undefined) facts.push(latency(roundTripMs))
  if (running === undefined) return facts
  facts.push(`runs for ${duration(now - running.since)}`)
  if (running.costUsd !== undefined) facts.push(`about ${running.costUsd.toFixed(4)} USD so far (estimate)`)
  if (running.stopsAt !== undefined)
    facts.push(`is stopped in ${duration(running.stopsAt - now)} at the latest`)
  return facts
}
