import type { BridgeState, ListenerState } from '../../shared/state/bridge-state.ts'
import type { EgressState } from '../../shared/state/egress.ts'
import { isDown, isRelaySwitchedOff, isTunnelUp, usesTunnel } from '../../shared/state/part-health.ts'
import {
  clientWords,
  listenerWords,
  ollamaWords,
  proxyWords,
  relayName,
  relayWords,
  tunnelWords,
  vpnWords,
} from './part-words.ts'
import { action, check, type MenuLineModel } from './tray-item.ts'
import { words } from './words/words.ts'

/**
 * A line for each part of a bridge that is to be connected, with its own state. The relay, the way out of the proxy,
 * a tunnel server that can be woken, the VPN, and each client have a switch. This computer, a server that always runs, and the
 * Ollama have none, because the bridge cannot do without them or does not run them: a click shows them in the
 * dashboard. What waits or has failed can be tried again by itself.
 */
export function partItems(state: BridgeState): MenuLineModel[] {
  // The VPN is there for other programs as well.
  if (state.wanted === 'disconnected') return [...leftoverItems(state), ...vpnItems(state)]
  const { relay, clients, agent, egress, ollama } = state
  const isOff = isRelaySwitchedOff(state)
  return [
    check(words.parts.line(relayName(relay), relayWords(relay)), !isOff, {
      kind: 'enable-relay',
      enabled: isOff,
    }),
    ...retry(words.tray.retryRelay, 'relay', isDown(relay.link) && !isOff),
    shown(words.parts.agent(listenerWords(agent))),
    ...otherPort('agent', agent),
    ...retry(words.tray.retryAgent, 'agent', agent.phase === 'failed'),
    ...egressItems(egress),
    ...clients.flatMap((client): MenuLineModel[] => [
      check(words.parts.client(client.name, clientWords(client)), client.enabled, {
        kind: 'enable-client',
        name: client.name,
        enabled: !client.enabled,
      }),
      ...otherPort(client.name, client.listener),
    ]),
    ...vpnItems(state),
    ...(ollama.kind === 'off' ? [] : [shown(words.parts.ollama(ollama.place, ollamaWords(ollama)))]),
    ...(ollama.kind === 'failing' ? [action(words.tray.askOllama, { kind: 'probe-ollama' })] : []),
  ]
}

/** A server that is still being stopped, or could not be, costs money after the disconnect as well. */
function leftoverItems({ egress }: BridgeState): MenuLineModel[] {
  const { phase } = egress.tunnel
  return phase === 'draining' || phase === 'killing' || phase === 'failed' ? [shown(tunnelLine(egress))] : []
}

/** One that cannot be looked at has nothing to switch; a click shows why. */
function vpnItems({ vpn }: BridgeState): MenuLineModel[] {
  if (vpn.kind === 'off') return []
  const line = words.parts.vpn(vpn.tunnel, vpnWords(vpn))
  if (vpn.kind === 'failing' || vpn.kind === 'unknown') return [shown(line)]
  const isUp = vpn.kind === 'changing' ? vpn.to === 'up' : vpn.kind === 'up'
  return [check(line, isUp, { kind: 'set-vpn', to: isUp ? 'down' : 'up' })]
}

/** Without a tunnel there is one way out only. */
function egressItems(egress: EgressState): MenuLineModel[] {
  if (!usesTunnel(egress)) return []
  const isThrough = egress.use === 'mtls'
  return [
    check(words.parts.proxy(proxyWords(egress)), isThrough, {
      kind: 'use-egress',
      use: isThrough ? 'direct' : 'mtls',
    }),
    tunnelItem(egress),
    ...retry(words.tray.retryTunnel, 'tunnel', isDown(egress.tunnel)),
  ]
}

function tunnelItem(egress: EgressState): MenuLineModel {
  const isUp = isTunnelUp(egress.tunnel)
  const { control } = egress
  // Wake-on-LAN starts a machine and cannot stop it.
  const hasSwitch = control !== undefined && !(isUp && control === 'wake-on-lan')
  if (!hasSwitch) return shown(tunnelLine(egress))
  return check(tunnelLine(egress), isUp, { kind: 'tunnel-awake', awake: !isUp })
}

function tunnelLine({ tunnel }: EgressState): string {
  return words.parts.tunnel(tunnelWords(tunnel))
}

/** The dashboard has the rest of it. */
function shown(line: string): MenuLineModel {
  return action(line, { kind: 'open-dashboard' })
}

function retry(label: string, target: string, isWanted: boolean): MenuLineModel[] {
  return isWanted ? [action(label, { kind: 'retry', target })] : []
}

function otherPort(target: string, listener: ListenerState): MenuLineModel[] {
  if (listener.phase !== 'failed' || listener.otherPort === undefined) return []
  const { otherPort: port } = listener
  return [action(words.tray.otherPort(port), { kind: 'use-other-port', target, port })]
}
