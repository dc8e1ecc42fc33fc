import type { ClientSettings, Profile, Settings } from '../../../shared/settings/schema.ts'
import { relayText } from './value-text.ts'

/** Something that a save does to what runs. */
export type Effect =
  | { readonly kind: 'relay'; readonly from: string; readonly to: string }
  | { readonly kind: 'agent'; readonly from: string; readonly to: string }
  | { readonly kind: 'proxy' }
  | {
      readonly kind: 'client-joins' | 'client-leaves' | 'client-reconnects' | 'client-stops' | 'client-starts'
      readonly name: string
    }

export interface SaveEffects {
  readonly effects: readonly Effect[]
  readonly keepsRelay: boolean
  /** Clients that are switched on and do not notice. */
  readonly keptClients: readonly string[]
}

/** The profile that is in use; the first one where none is chosen. */
export function profileInUse({ profiles, activeProfile }: Settings): Profile | undefined {
  return profiles.find(({ name }) => name === activeProfile) ?? profiles[0]
}

/**
 * What changes for connections that are up. The bridge goes by places rather than names: a client that is only
 * renamed keeps its connection.
 */
export function saveEffects(before: Settings, after: Settings): SaveEffects {
  const running = profileInUse(before)
  const next = profileInUse(after)
  if (running === undefined || next === undefined) return { effects: [], keepsRelay: true, keptClients: [] }
  const keepsRelay = isSame(running.relay, next.relay)
  const agentMoves = running.agent.listen !== next.agent.listen
  const clients = clientEffects(running.clients, next.clients)
  return {
    keepsRelay,
    keptClients: clients.kept,
    effects: [
      ...(keepsRelay
        ? []
        : [{ kind: 'relay' as const, from: relayText(running.relay), to: relayText(next.relay) }]),
      ...(agentMoves ? [{ kind: 'agent' as const, from: running.agent.listen, to: next.agent.listen }] : []),
      ...(isSame(running.egress, next.egress) ? [] : [{ kind: 'proxy' as const }]),
      ...clients.effects,
    ],
  }
}

function clientEffects(
  before: readonly ClientSettings[],
  after: readonly ClientSettings[],
): { readonly effects: Effect[]; readonly kept: string[] } {
  const running = new Map(before.map((client) => [placeKey(client), client]))
  const kept: string[] = []
  const effects: Effect[] = []
  const strangers: ClientSettings[] = []
  for (const client of after) {
    const known = running.get(placeKey(client))
    running.delete(placeKey(client))
    if (known === undefined) strangers.push(client)
    else if (known.enabled === client.enabled) kept.push(...(client.enabled ? [client.name] : []))
    else effects.push({ kind: client.enabled ? 'client-starts' : 'client-stops', name: client.name })
  }
  const leaving = new Map([...running.values()].map((client) => [client.name, client]))
  for (const { name, enabled } of strangers) {
    const moved = leaving.get(name)
    leaving.delete(name)
    if (moved?.enabled === true) effects.push({ kind: enabled ? 'client-reconnects' : 'client-stops', name })
    else if (enabled) effects.push({ kind: 'client-joins', name })
  }
  for (const { name, enabled } of leaving.values()) if (enabled) effects.push({ kind: 'client-leaves', name })
  return { effects, kept }
}

function placeKey({ ssh, listen }: ClientSettings): string {
  return JSON.stringify([ssh, listen])
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
