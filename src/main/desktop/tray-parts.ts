import type { BridgeState, ListenerState } from '../../shared/state/bridge-state.ts'
import { usesTunnel } from '../../shared/state/part-health.ts'
import { action, check, type MenuLineModel, text } from './tray-item.ts'
import { clientWords, egressWords, listenerWords, ollamaWords, relayName, relayWords } from './words.ts'

/** A line for each part of a bridge that is to be connected, with its own state and, for clients, a switch. */
export function partItems(state: BridgeState): MenuLineModel[] {
  if (state.wanted === 'disconnected') return leftoverItems(state)
  const { relay, clients, agent, egress, ollama } = state
  return [
    text(`${capitalised(relayName(relay))}: ${relayWords(relay)}`),
    text(`This computer: ${listenerWords(agent)}`),
    ...otherPort('agent', agent),
    ...(usesTunnel(egress) ? [text(egressWords(egress))] : []),
    ...clients.flatMap((client): MenuLineModel[] => [
      check(`${client.name}: ${clientWords(client)}`, client.enabled, {
        kind: 'enable-client',
        name: client.name,
        enabled: !client.enabled,
      }),
      ...otherPort(client.name, client.listener),
    ]),
    ...(ollama.kind === 'off' ? [] : [text(`Ollama on ${ollama.place}: ${ollamaWords(ollama)}`)]),
  ]
}

/** A server that is still being stopped, or could not be, costs money after the disconnect as well. */
function leftoverItems({ egress }: BridgeState): MenuLineModel[] {
  const { phase } = egress.tunnel
  return phase === 'draining' || phase === 'killing' || phase === 'failed' ? [text(egressWords(egress))] : []
}

function otherPort(target: string, listener: ListenerState): MenuLineModel[] {
  if (listener.phase !== 'failed' || listener.otherPort === undefined) return []
  const { otherPort: port } = listener
  return [action(`Use port ${port} until the next start`, { kind: 'use-other-port', target, port })]
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
