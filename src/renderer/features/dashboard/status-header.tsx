import type { ReactNode } from 'react'
import type { BridgeState } from '../../../shared/state/bridge-state.ts'
import { isTrying, mayRetry } from '../../../shared/state/part-health.ts'
import { troublesOf } from '../../../shared/state/troubles.ts'
import { useApi, useBridgeState, useIsStale } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Icon, TONE_ICONS } from '../../ui/icon.tsx'
import { Since, Until } from '../../ui/measures.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { words } from '../../words/words.ts'
import { type Overview, overviewOf } from './overview.ts'
import './status-header.css'

const { dashboard } = words

/** The whole in one line, and the one control that matters. */
export function StatusHeader(): ReactNode {
  const state = useBridgeState((whole) => whole)
  const isStale = useIsStale()
  const known = overviewOf(state)
  // Nobody knows whether it still is so, and for how long.
  const overview: Overview = isStale
    ? { tone: 'quiet', headline: dashboard.lastKnown(known.headline) }
    : known
  return (
    <header className={`status tone-${overview.tone}`}>
      <span className="status-sign">
        {overview.tone === 'busy' ? <Spinner /> : <Icon name={TONE_ICONS[overview.tone]} />}
      </span>
      <div className="status-words">
        <h1 className="status-headline">{overview.headline}</h1>
        {/* A screen reader tells when it changes; a heading that did so would be no heading. */}
        <span className="visually-hidden" role="status">
          {overview.headline}
        </span>
        <p className="muted">
          {isStale ? dashboard.lastKnownHint : <Sub state={state} overview={overview} />}
        </p>
      </div>
      <Controls state={state} />
    </header>
  )
}

function Sub({ state, overview }: { readonly state: BridgeState; readonly overview: Overview }): ReactNode {
  const { sub } = dashboard
  if (state.wanted === 'disconnected')
    return state.relay.link.phase === 'closing' ? sub.disconnecting : sub.disconnected
  const troubles = troublesOf(state).length
  if (troubles > 0) {
    const next = nextTryOf(state)
    return (
      <>
        {sub.wrong(troubles)}
        {next !== undefined && (
          <span aria-hidden="true">
            {' '}
            {dashboard.troubles.nextTry}
            <Until at={next} />.
          </span>
        )}
      </>
    )
  }
  if (overview.tone === 'busy') return sub.connecting
  const clients = state.clients.filter(({ enabled }) => enabled).length
  return (
    <>
      {clients === 0 ? sub.connectedNoClients : sub.connected(clients)}
      {overview.since !== undefined && clients > 0 && (
        <>
          {' '}
          {words.states.connected} {sub.since}
          <Since at={overview.since} />.
        </>
      )}
    </>
  )
}

function nextTryOf({ relay, clients, egress }: BridgeState): number | undefined {
  const links = [relay, ...clients.filter(({ enabled }) => enabled)].map(({ link }) => link)
  const times = [...links, egress.tunnel].flatMap((link) =>
    link.phase === 'reconnecting' ? link.nextTryAt : [],
  )
  return times.length === 0 ? undefined : Math.min(...times)
}

function Controls({ state }: { readonly state: BridgeState }): ReactNode {
  const api = useApi()
  const isStale = useIsStale()
  const connect = useAction(() => api.connect({}))
  const disconnect = useAction(() => api.disconnect({}))
  const retry = useAction(() => api.retryNow({}))
  const error = connect.error ?? disconnect.error ?? retry.error
  const isConnected = state.wanted === 'connected'
  return (
    <>
      <div className="status-controls">
        {mayRetry(state) && (
          <Button
            look="primary"
            size="l"
            icon="retry"
            isDisabled={isStale}
            isBusy={retry.isRunning || isTrying(state)}
            onClick={retry.run}
          >
            {dashboard.retry}
          </Button>
        )}
        <Button
          look={isConnected ? 'plain' : 'primary'}
          size="l"
          icon="power"
          isDisabled={isStale}
          isBusy={connect.isRunning || disconnect.isRunning}
          onClick={isConnected ? disconnect.run : connect.run}
        >
          {isConnected ? dashboard.disconnect : dashboard.connect}
        </Button>
      </div>
      {error !== undefined && (
        <div className="status-error">
          <FailureNotice title={dashboard.actionFailed} failure={error} isUrgent />
        </div>
      )}
    </>
  )
}
