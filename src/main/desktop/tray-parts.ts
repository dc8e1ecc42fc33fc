import type { BridgeState, ListenerState } from '../../shared/state/bridge-state.ts'
import { isDown, usesTunnel } from '../../shared/state/part-health.ts'
import { action, check, type MenuLineModel } from './tray-item.ts'
import { clientWords, egressWords, listenerWords, ollamaWords, relayName, relayWords } from './words.ts'

/**
 * A line for each part of a bridge that is to be connected, with its own state. Clients have a switch. The others
 * have none, because nothing would work without them or the bridge does not run them: a click shows them in the
 * dashboard, and what waits or has failed can be tried again by itself.
 */
export function partItems(state: BridgeState): MenuLineModel[] {
  if (state.wanted === 'disconnected') return leftoverItems(state)
  const { relay, clients, agent, egress, ollama } = state
  return [
    shown(`${capitalised(relayName(relay))}: ${relayWords(relay)}`),
    ...retry('Try the relay again', 'relay', isDown(relay.link)),
    shown(`This computer: ${listenerWords(agent)}`),
    ...otherPort('agent', agent),
    ...retry('Try that address again', 'agent', agent.phase === 'failed'),
    ...(usesTunnel(egress) ? [shown(egressWords(egress))] : []),
    ...retry('Try the tunnel again', 'tunnel', isDown(egress.tunnel)),
    ...clients.flatMap((client): MenuLineModel[] => [
      check(`${client.name}: ${clientWords(client)}`, client.enabled, {
        kind: 'enable-client',
        name: client.name,
        enabled: !client.enabled,
      }),
      ...otherPort(client.name, client.listener),
    ]),
    ...(ollama.kind === 'off' ? [] : [shown(`Ollama on ${ollama.place}: ${ollamaWords(ollama)}`)]),
    ...(ollama.kind === 'failing' ? [action('Ask Ollama again', { kind: 'probe-ollama' })] : []),
  ]
}

/** A server that is still being stopped, or could not be, costs money after the disconnect as well. */
function leftoverItems({ egress }: BridgeState): MenuLineModel[] {
  const { phase } = egress.tunnel
  return phase === 'draining' || phase === 'killing' || phase === 'failed' ? [shown(egressWords(egress))] : []
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
  return [action(`Use port ${port} until the next start`, { kind: 'use-other-port', target, port })]
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
