import { type ReactNode, useState } from 'react'
import type { BridgeState } from '../../../shared/state/bridge-state.ts'
import { usesTunnel } from '../../../shared/state/part-health.ts'
import { useBridgeState, useIsStale, useMirror } from '../../store/bridge-context.tsx'
import { useNow } from '../../store/clock.ts'
import { type Rates, rateOf } from '../../store/rates.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Notice } from '../../ui/notice.tsx'
import { hashOf } from '../../ui/use-hash.ts'
import { words } from '../../words/words.ts'
import { ClientNode } from './client-node.tsx'
import { ComputerNode } from './computer-node.tsx'
import { EgressNode } from './egress-node.tsx'
import { tunnelWord } from './egress-words.ts'
import { OllamaNode } from './ollama-node.tsx'
import { clientWord, relayWord } from './part-words.ts'
import './path-card.css'
import { type PathLine, PathLines } from './path-lines-layer.tsx'
import { RelayNode, UpstreamNode } from './relay-node.tsx'

const { path: say } = words.dashboard

/** More clients than this are shown on demand. */
const SHOWN_CLIENTS = 4

/** The path as it is: clients, this computer, relay, providers, and Ollama beside it. */
export function PathCard(): ReactNode {
  const state = useBridgeState((whole) => whole)
  const rates = useMirror((mirror) => mirror.rates)
  const now = useNow()
  // In the state and not in a ref: the lines are drawn once it is there.
  const [frame, setFrame] = useState<HTMLDivElement | null>(null)
  const [showsAll, setShowsAll] = useState(false)
  const isStale = useIsStale()
  const shown = showsAll ? state.clients : state.clients.slice(0, SHOWN_CLIENTS)
  const hidden = state.clients.length - SHOWN_CLIENTS
  const upstreams = state.relay.health.kind === 'ok' ? state.relay.health.upstreams : []
  const isUp = relayWord(state.relay).tone === 'good'
  return (
    <Card title={say.title} isStale={isStale}>
      <div ref={setFrame} className="path">
        <PathLines lines={linesOf(state, shown, rates, now)} frame={frame} />
        <ul className="path-column path-clients" aria-label={say.clients}>
          {shown.map((client) => (
            <li key={client.name} data-node={`client ${client.name}`}>
              <ClientNode client={client} rate={rateOf(rates, client.name, now)} />
            </li>
          ))}
          {state.clients.length === 0 && (
            <li data-node="no-client">
              <Notice
                tone="quiet"
                title={say.noClients}
                actions={
                  <a className="button button-plain button-m" href={hashOf('first-run')}>
                    {words.dashboard.addClient}
                  </a>
                }
              >
                {say.noClientsHint}
              </Notice>
            </li>
          )}
          {hidden > 0 && (
            <li>
              <Button size="s" look="quiet" onClick={() => setShowsAll(!showsAll)}>
                {showsAll ? say.fewerClients : say.moreClients(hidden)}
              </Button>
            </li>
          )}
        </ul>
        <ul className="path-column" aria-label={say.computer}>
          <li data-node="computer">
            <ComputerNode agent={state.agent} egress={state.egress} wanted={state.wanted} />
          </li>
        </ul>
        <ul className="path-column" aria-label={say.relay}>
          <li data-node="relay">
            <RelayNode relay={state.relay} />
          </li>
        </ul>
        <ul className="path-column" aria-label={say.upstreams}>
          {upstreams.map((upstream) => (
            <li key={upstream.name} data-node={`upstream ${upstream.name}`}>
              <UpstreamNode
                upstream={upstream}
                isRelayUp={isUp}
                hasOther={upstreams.some((one) => one.signedIn)}
              />
            </li>
          ))}
          {upstreams.length === 0 && <li className="path-empty faint">{say.upstreamsUnknown}</li>}
        </ul>
        {state.ollama.kind !== 'off' && (
          <ul className="path-column path-beside" aria-label={say.beside}>
            <li data-node="ollama">
              <OllamaNode ollama={state.ollama} />
            </li>
          </ul>
        )}
        {usesTunnel(state.egress) && (
          <ul className="path-column path-egress" aria-label={words.egress.node}>
            <li data-node="egress">
              <EgressNode egress={state.egress} />
            </li>
          </ul>
        )}
      </div>
    </Card>
  )
}

function linesOf(
  { relay, clients, ollama, egress }: BridgeState,
  shown: BridgeState['clients'],
  rates: Rates,
  now: number,
): PathLine[] {
  const isMoving = (name: string): boolean => {
    const rate = rateOf(rates, name, now)
    return rate !== undefined && rate.toClient + rate.fromClient > 0
  }
  const relayTone = relayWord(relay).tone
  const isFlowing = relayTone === 'good' && clients.some(({ name }) => isMoving(name))
  const upstreams = relay.health.kind === 'ok' ? relay.health.upstreams : []
  return [
    ...shown.map(
      (client): PathLine => ({
        from: `client ${client.name}`,
        to: 'computer',
        tone: clientWord(client).tone,
        isFlowing: isMoving(client.name),
      }),
    ),
    { from: 'computer', to: 'relay', tone: relayTone, isFlowing },
    ...upstreams.map(
      ({ name, signedIn }): PathLine => ({
        from: 'relay',
        to: `upstream ${name}`,
        tone: signedIn && relayTone === 'good' ? 'good' : 'quiet',
        isFlowing: false,
      }),
    ),
    ...(ollama.kind === 'off'
      ? []
      : [{ from: 'computer', to: 'ollama', tone: OLLAMA_TONES[ollama.kind], isFlowing: false }]),
    ...(usesTunnel(egress)
      ? [{ from: 'computer', to: 'egress', tone: tunnelWord(egress.tunnel).tone, isFlowing: false }]
      : []),
  ]
}

const OLLAMA_TONES = { unknown: 'quiet', ok: 'good', failing: 'bad' } as const
