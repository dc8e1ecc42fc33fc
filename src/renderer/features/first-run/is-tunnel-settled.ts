import type { ClientState } from '../../../shared/state/bridge-state.ts'

/**
 * Whether the tunnel of a client is up, or has failed in a way that a person has to look at. The far side listens a
 * moment before the link counts as connected.
 */
export function isTunnelSettled({ link, listener }: Pick<ClientState, 'link' | 'listener'>): boolean {
  if (link.phase === 'failed' || listener.phase === 'failed') return true
  return link.phase === 'connected' && listener.phase === 'listening'
}
