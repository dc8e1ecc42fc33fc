import type { ReactNode } from 'react'
import type { Usage, UsageAmount, UsageTotals } from '../../../shared/protocol/read-usage.ts'
import { Amount } from '../../ui/amount.tsx'
import { amountText, numberText, sumOf } from '../../ui/amount-text.ts'
import { Age, wholeText } from '../../ui/measures.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import './month-sums.css'

const { usage: say } = words.dashboard

/** The sums of the month, each with what it is made of and where it comes from. */
export function MonthSums({ usage }: { readonly usage: Usage }): ReactNode {
  const { totals, inFlight, premiumRequestsApply } = usage
  const credits = sumOf(totals?.credits?.reported, totals?.credits?.estimated)
  return (
    <ul className="sums">
      <Sum name={say.requests} note={oddOnes(totals, usage.requests, inFlight)}>
        {wholeText(totals?.requests ?? usage.requests)}
      </Sum>
      <AmountSum name={say.input} amount={totals?.tokens?.input} note={cachedNote(totals)} />
      <AmountSum name={say.output} amount={totals?.tokens?.output} note={reasoningNote(totals)} />
      {/* An account billed by credits has none; showing some would only be taken for a bill. */}
      {premiumRequestsApply !== false && <AmountSum name={say.premium} amount={totals?.premiumRequests} />}
      <AmountSum name={say.creditsUsed} amount={credits} note={creditsNote(totals)} />
      <AmountSum name={say.cost} amount={totals?.cost} prefix="$" />
    </ul>
  )
}

interface SumProps {
  readonly name: string
  readonly note?: ReactNode
  readonly children: ReactNode
}

function Sum({ name, note, children }: SumProps): ReactNode {
  return (
    <li className="sum">
      <span className="sum-name">{name}</span>
      <span className="sum-value">{children}</span>
      {note !== undefined && <span className="faint">{note}</span>}
    </li>
  )
}

interface AmountSumProps {
  readonly name: string
  readonly amount: UsageAmount | ReturnType<typeof sumOf>
  readonly note?: ReactNode
  readonly prefix?: string
}

function AmountSum({ name, amount, note, prefix = '' }: AmountSumProps): ReactNode {
  const isKnown = amount !== undefined && (amount.value > 0 || amount.unknown === 0)
  return (
    <Sum
      name={name}
      note={
        amount === undefined ? (
          say.notTracked
        ) : (
          <>
            {note !== undefined && <>{note} · </>}
            {amount.estimate && `${say.estimate}, `}
            {plain(amount.source, 80)}
            {amount.unknown > 0 && `, ${say.unmeasured(amount.unknown)}`}
            {'asOf' in amount && amount.asOf !== undefined && (
              <>
                {', '}
                <Age at={Date.parse(amount.asOf)} />
              </>
            )}
          </>
        )
      }
    >
      {isKnown && prefix}
      <Amount amount={amount} />
    </Sum>
  )
}

function oddOnes(
  totals: UsageTotals | undefined,
  requests: number,
  inFlight: number | undefined,
): string | undefined {
  const odd = (['failed', 'cancelled', 'truncated', 'lost'] as const).flatMap((outcome) => {
    const count = totals?.[outcome] ?? 0
    return count > 0 ? say.odd[outcome](count) : []
  })
  const parts = odd.length === 0 && totals !== undefined && requests > 0 ? [say.allFine] : odd
  const under = inFlight !== undefined && inFlight > 0 ? [say.underWay(inFlight)] : []
  const all = [...parts, ...under]
  return all.length === 0 ? undefined : all.join(', ')
}

function cachedNote(totals: UsageTotals | undefined): string | undefined {
  const { input, cachedInput } = totals?.tokens ?? {}
  if (input === undefined || cachedInput === undefined || input.value === 0) return undefined
  return say.cached(numberText((100 * cachedInput.value) / input.value, 0))
}

function reasoningNote(totals: UsageTotals | undefined): string | undefined {
  const reasoning = totals?.tokens?.reasoning
  return reasoning === undefined || reasoning.value === 0 ? undefined : say.reasoning(amountText(reasoning))
}

function creditsNote(totals: UsageTotals | undefined): string | undefined {
  const { reported, estimated } = totals?.credits ?? {}
  if (reported === undefined || estimated === undefined || estimated.value === 0 || reported.value === 0)
    return undefined
  return `${say.reported(amountText(reported))}, ${say.estimated(amountText(estimated))}`
}
