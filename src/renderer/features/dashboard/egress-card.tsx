import type { ReactNode } from 'react'
import type { EgressState, TunnelState } from '../../../shared/state/egress.ts'
import { isTunnelUp, usesTunnel } from '../../../shared/state/part-health.ts'
import { duration } from '../../../shared/util/amounts.ts'
import { useApi, useBridgeState, useIsStale } from '../../store/bridge-context.tsx'
import { useNow } from '../../store/clock.ts'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Meter } from '../../ui/meter.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import { factsOf } from './egress-facts.tsx'
import { tunnelWord } from './egress-words.ts'

const { egress: say } = words

/** How the proxy gets out, and what becomes of the tunnel; why it broke stands with all that is wrong. */
export function EgressCard(): ReactNode {
  const egress = useBridgeState((state) => state.egress)
  const isStale = useIsStale()
  const { tunnel } = egress
  const hasTunnel = usesTunnel(egress)
  if (!hasTunnel && egress.systemProxy === undefined) return null
  const { tone, word } = tunnelWord(tunnel)
  const source = costSource(tunnel)
  return (
    <Card
      title={say.title}
      isStale={isStale}
      aside={hasTunnel && <State tone={tone}>{word}</State>}
      footer={source !== undefined && <SafeText text={source} maxLength={200} />}
    >
      <Facts facts={factsOf(egress)} />
      {tunnel.phase === 'waking' && tunnel.typicalMs !== undefined && (
        <Progress since={tunnel.since} typicalMs={tunnel.typicalMs} />
      )}
      <Hint egress={egress} />
      <ServerSwitch egress={egress} />
    </Card>
  )
}

/** Wakes the server without a request, or lets it sleep until the next one; also while it is being woken. */
function ServerSwitch({ egress: { control, tunnel } }: { readonly egress: EgressState }): ReactNode {
  const api = useApi()
  const isStale = useIsStale()
  const isWanted = useBridgeState(({ wanted }) => wanted === 'connected')
  const wake = useAction(() => api.setTunnelAwake({ awake: true }))
  const rest = useAction(() => api.setTunnelAwake({ awake: false }))
  const isUp = isTunnelUp(tunnel)
  // Wake-on-LAN starts a machine and cannot stop it; what comes to an end is not interrupted.
  const isFixed = control === undefined || (isUp && control === 'wake-on-lan')
  const isEnding = tunnel.phase === 'draining' || tunnel.phase === 'killing'
  if (isFixed || isEnding || !isWanted) return null
  const { error, isRunning, run } = isUp ? rest : wake
  return (
    <>
      <div className="row">
        <Button size="s" icon="power" isDisabled={isStale} isBusy={isRunning} onClick={run}>
          {isUp ? say.letSleep : say.wakeNow}
        </Button>
      </div>
      {error !== undefined && <FailureNotice title={words.dashboard.actionFailed} failure={error} isUrgent />}
    </>
  )
}

/** What the cost is estimated from. */
function costSource(tunnel: TunnelState): string | undefined {
  const running = tunnel.phase === 'connected' ? tunnel.running : undefined
  if (running === undefined) return undefined
  if (running.costUsd === undefined) return say.costUnknownHint
  return running.costSource === undefined ? undefined : say.costSource(running.costSource)
}

interface ProgressProps {
  readonly since: number
  readonly typicalMs: number
}

/** How far waking should be, from how long it took before. */
function Progress({ since, typicalMs }: ProgressProps): ReactNode {
  const elapsed = Math.max(0, useNow() - since)
  const isLate = elapsed > typicalMs
  const text = say.progress(duration(elapsed), duration(typicalMs))
  return (
    <div className="stack">
      <Meter
        label={say.progressName}
        share={typicalMs > 0 ? elapsed / typicalMs : 1}
        tone={isLate ? 'ask' : 'busy'}
        text={text}
      />
      <p className="faint">{isLate ? `${text} · ${say.overdue}` : text}</p>
    </div>
  )
}

function Hint({ egress: { tunnel } }: { readonly egress: EgressState }): ReactNode {
  const text = HINTS[tunnel.phase]
  return text === undefined ? null : <p className="muted">{text}</p>
}

const HINTS: Readonly<Partial<Record<TunnelState['phase'], string>>> = {
  off: say.off,
  asleep: say.wakesAlone,
  draining: say.draining,
  killing: say.killing,
}
