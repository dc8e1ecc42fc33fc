import type { BridgeState, ClientState, ListenerState } from '../../shared/state/bridge-state.ts'
import { formatListenAddress } from '../settings/address.ts'
import { action, type MenuItemModel, type MenuLineModel, separated, text } from './tray-item.ts'
import { words } from './words/words.ts'

interface Place {
  readonly machine: string
  /** As in `127.0.0.1:8080`, or `unix:/x.sock`. */
  readonly address: string
}

/** What one pastes into programs on this computer and on the clients; machines with the same address share it. */
export function copyItems({ agent, clients }: BridgeState): MenuItemModel[] {
  const places = [...agentPlaces(agent), ...clients.flatMap(clientPlaces)]
  // AI clients cannot use a socket file.
  const usable = places.filter(({ address }) => !address.startsWith('unix:'))
  if (usable.length === 0) return []
  const groups = Map.groupBy(usable, ({ address }) => `http://${address}`)
  const items = separated([...groups].map(([url, group]) => groupItems(url, group)))
  return [{ kind: 'submenu', label: words.tray.copySettings, items }]
}

function groupItems(url: string, group: readonly Place[]): MenuLineModel[] {
  return [
    text(words.tray.copyOn(listed(group.map(({ machine }) => machine)))),
    copy(words.tray.setUpCommand, `curl -fsSL ${url}/setup | bash`),
    copy(words.tray.openaiUrl, `${url}/v1`),
    copy(words.tray.anthropicUrl, url),
  ]
}

function copy(name: string, value: string): MenuLineModel {
  return action(words.tray.copyLine(name, value), { kind: 'copy', text: value })
}

/** Where somebody else listens, the address would lead to them. */
function agentPlaces(agent: ListenerState): Place[] {
  if (agent.phase === 'off' || agent.phase === 'failed') return []
  return [{ machine: words.status.thisComputer, address: agent.address }]
}

function clientPlaces({ name, enabled, listen, listener }: ClientState): Place[] {
  if (!enabled || listener.phase === 'failed') return []
  return [
    { machine: name, address: listener.phase === 'off' ? formatListenAddress(listen) : listener.address },
  ]
}

function listed(names: readonly string[]): string {
  return new Intl.ListFormat(words.locale).format(names)
}
