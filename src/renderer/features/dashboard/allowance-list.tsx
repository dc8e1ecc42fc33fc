import { type ReactNode, useId } from 'react'
import type { Usage } from '../../../shared/protocol/read-usage.ts'
import { useNow } from '../../store/clock.ts'
import { numberText } from '../../ui/amount-text.ts'
import { Age, Until } from '../../ui/measures.tsx'
import { Meter } from '../../ui/meter.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import type { Tone } from '../../ui/tone.ts'
import { words } from '../../words/words.ts'
import { type Allowance, allowancesOf } from './allowance.ts'
import './allowance-list.css'
import type { Pace } from './pace.ts'

const { usage: say } = words.dashboard

/** What the account is granted, how much of it is used, and whether it will last. */
export function AllowanceList({ usage }: { readonly usage: Usage }): ReactNode {
  const now = useNow()
  const allowances = allowancesOf(usage, now)
  if (allowances.length === 0) return <p className="muted">{say.noAllowance}</p>
  return (
    <ul className="allowances">
      {allowances.map((allowance, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a relay may tell two of the same name
        <li key={`${allowance.quota.id} ${index}`} className="allowance">
          <AllowanceRow allowance={allowance} />
        </li>
      ))}
    </ul>
  )
}

function AllowanceRow({ allowance }: { readonly allowance: Allowance }): ReactNode {
  const { quota, progress, resetsAt } = allowance
  const id = useId()
  const tone = toneOf(allowance)
  const unit = plain(quota.unit ?? say.unnamedUnit, 60)
  return (
    <>
      <div className="row spread">
        <h3 id={id}>{nameOf(allowance)}</h3>
        <Verdict allowance={allowance} tone={tone} />
      </div>
      {progress !== undefined && (
        <Meter
          label={nameOf(allowance)}
          share={progress.entitlement > 0 ? progress.used / progress.entitlement : 1}
          tone={tone}
          text={say.used(numberText(progress.used), numberText(progress.entitlement), unit)}
          {...(progress.passedShare === undefined ? {} : { mark: progress.passedShare })}
        />
      )}
      <p>
        {progress !== undefined &&
          say.used(numberText(progress.used), numberText(progress.entitlement), unit)}
        {quota.kind === 'used-only' && quota.used !== undefined && say.usedOnly(numberText(quota.used), unit)}
        {quota.kind === 'unlimited' && say.unlimitedHint}
        {quota.overage !== undefined && quota.overage > 0 && ` · ${say.overage(numberText(quota.overage))}`}
      </p>
      {progress?.pace !== undefined && (
        <p className="muted">{paceText(progress.pace, quota.overagePermitted)}</p>
      )}
      <p className="faint">
        {quota.kind !== 'unlimited' && <Reset at={resetsAt} />}
        <SafeText text={quota.source} maxLength={80} />
        {quota.asOf !== undefined && (
          <>
            {', '}
            <Age at={Date.parse(quota.asOf)} />
          </>
        )}
      </p>
    </>
  )
}

function Reset({ at }: { readonly at: number | undefined }): ReactNode {
  if (at === undefined) return <>{say.notTold} · </>
  return (
    <>
      {say.resets(dateText(at))}
      {at > Date.now() && (
        <>
          {say.resetsIn}
          <Until at={at} />
        </>
      )}
      {' · '}
    </>
  )
}

function Verdict({
  allowance: { quota, progress },
  tone,
}: {
  readonly allowance: Allowance
  readonly tone: Tone
}): ReactNode {
  if (quota.exhausted) return <State tone="bad">{say.exhausted}</State>
  if (quota.kind === 'unlimited') return <State tone="good">{say.unlimited}</State>
  if (progress === undefined) return null
  const left = Math.max(0, 100 * (1 - progress.used / progress.entitlement))
  return <State tone={tone}>{say.left(numberText(left, left < 10 ? 1 : 0))}</State>
}

function toneOf({ quota, progress }: Allowance): Tone {
  if (quota.exhausted) return 'bad'
  if (quota.kind === 'unlimited') return 'good'
  if (progress === undefined) return 'quiet'
  if (progress.used >= progress.entitlement) return 'bad'
  return progress.pace?.kind === 'ahead' ? 'ask' : 'good'
}

function nameOf({ quota: { id, unit } }: Allowance): string {
  // Since June 2026 the same row counts credits for most accounts; the unit says what it is.
  if (id === 'premium_interactions' && unit === 'AI credits') return say.credits
  return say.quotas[id] ?? plain(id, 60)
}

function paceText(pace: Pace, isOveragePermitted: boolean | undefined): string {
  switch (pace.kind) {
    case 'too-early':
      return say.paceEarly
    case 'within': {
      const percent = Math.floor(pace.spareShare * 100)
      return percent < 1 ? say.paceTight : say.paceWithin(String(percent))
    }
    case 'ahead':
      return say.paceAhead(dateText(pace.runsOutAt))
    case 'spent':
      return isOveragePermitted === true ? say.overageAllowed : say.overageRefused
  }
}

export function dateText(time: number): string {
  return new Date(time).toLocaleDateString(words.locale, { day: 'numeric', month: 'long', timeZone: 'UTC' })
}
