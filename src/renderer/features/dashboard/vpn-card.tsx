import type { ReactNode } from 'react'
import { HANDSHAKE_STALE_MS, type VpnState } from '../../../shared/state/vpn.ts'
import { useApi, useBridgeState, useIsStale } from '../../store/bridge-context.tsx'
import { useNow } from '../../store/clock.ts'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { type Fact, Facts } from '../../ui/facts.tsx'
import { Age } from '../../ui/measures.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import type { Tone } from '../../ui/tone.ts'
import { words } from '../../words/words.ts'

const { vpn: say } = words

/** The WireGuard tunnel of the profile: whether it is up, whether the router answers, and the way to change it. */
export function VpnCard(): ReactNode {
  const vpn = useBridgeState((state) => state.vpn)
  const isStale = useIsStale()
  const api = useApi()
  const change = useAction((to: 'up' | 'down') => api.setVpn({ to }))
  const look = useAction(() => api.lookAtVpn({}))
  const isSilent = useIsSilent(vpn)
  if (vpn.kind === 'off') return null
  const [tone, word] = isSilent ? (['ask', say.silent] as const) : wordOf(vpn)
  const to = vpn.kind === 'up' ? 'down' : 'up'
  const error = change.error ?? look.error
  return (
    <Card
      title={say.title}
      isStale={isStale}
      aside={
        <>
          <State tone={tone}>{word}</State>
          {vpn.kind === 'failing' ? (
            <Button size="s" icon="retry" isDisabled={isStale} isBusy={look.isRunning} onClick={look.run}>
              {words.dashboard.ollama.checkAgain}
            </Button>
          ) : (
            <Button
              size="s"
              isDisabled={isStale || vpn.kind === 'unknown'}
              isBusy={change.isRunning || vpn.kind === 'changing'}
              onClick={() => change.run(to)}
            >
              {to === 'up' ? say.bringUp : say.bringDown}
            </Button>
          )}
        </>
      }
    >
      {error !== undefined && <FailureNotice title={words.dashboard.actionFailed} failure={error} isUrgent />}
      {vpn.kind === 'failing' && <FailureNotice title={say.failing} failure={vpn.cause} />}
      <Facts facts={factsOf(vpn)} />
      {isSilent && <p className="muted">{say.silentHint}</p>}
    </Card>
  )
}

function wordOf(vpn: Exclude<VpnState, { kind: 'off' }>): readonly [Tone, string] {
  switch (vpn.kind) {
    case 'unknown':
      return ['quiet', words.states.notAsked]
    case 'up':
      return ['good', say.up]
    case 'down':
      return ['quiet', say.down]
    case 'changing':
      return ['busy', vpn.to === 'up' ? say.goingUp : say.goingDown]
    case 'failing':
      return ['bad', words.states.unknown]
  }
}

/** Up, with keepalives as the configuration of a peer has them, and yet without a handshake. */
function useIsSilent(vpn: VpnState): boolean {
  const now = useNow()
  if (vpn.kind !== 'up' || vpn.details.kind === 'hidden') return false
  const { handshakeAt } = vpn.details
  return handshakeAt === undefined || now - handshakeAt > HANDSHAKE_STALE_MS
}

function factsOf(vpn: Exclude<VpnState, { kind: 'off' }>): Fact[] {
  const tunnel = { name: say.tunnel, value: <SafeText text={vpn.tunnel} maxLength={100} /> }
  if (vpn.kind === 'failing') return [tunnel, { name: say.lastLook, value: <Age at={vpn.at} /> }]
  if (vpn.kind !== 'up' && vpn.kind !== 'down') return [tunnel]
  const { verified } = vpn
  return [
    tunnel,
    { name: say.broughtUpBy, value: say.systems[vpn.system] },
    ...(vpn.kind === 'up' ? routerFacts(vpn) : []),
    ...(verified === undefined
      ? []
      : [
          {
            name: say.verified,
            value: (
              <>
                {say.verdict(verified.right, verified.wrong, verified.unknown)}
                <span className="faint">
                  {' · '}
                  <Age at={verified.at} />
                  <SafeText text={say.verifiedFrom(verified.from)} maxLength={60} />
                </span>
              </>
            ),
          },
        ]),
    { name: say.lastLook, value: <Age at={vpn.at} /> },
  ]
}

function routerFacts({ details }: Extract<VpnState, { kind: 'up' | 'down' }>): Fact[] {
  if (details.kind === 'hidden') return [{ name: say.handshake, value: say.hidden }]
  const { endpoint, handshakeAt } = details
  return [
    ...(endpoint === undefined
      ? []
      : [{ name: say.endpoint, value: <SafeText text={endpoint} maxLength={100} /> }]),
    { name: say.handshake, value: handshakeAt === undefined ? say.noHandshake : <Age at={handshakeAt} /> },
  ]
}
