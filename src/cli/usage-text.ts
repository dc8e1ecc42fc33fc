import type { Amount, Quota, UsageDetails, UsageTotals } from '../shared/protocol/usage.ts'
import { limitWarnings } from './limits-text.ts'
import { ago, type Column, textTable } from './text-table.ts'

/** The usage of a month as a page of text: sums with source and age, then models, clients and quota. */
export function describeUsage(details: UsageDetails, now: number): string {
  const isNow = details.generatedAt.startsWith(details.month)
  const totals = totalColumns(details)
  const sumColumns = [{ title: isNow ? 'THIS MONTH' : details.month, text: nameOf }, ...SUM_COLUMNS]
  const parts = [heading(details, isNow), textTable(sumColumns, sums(details, now))]
  if (details.models.length > 0) parts.push(textTable([...MODEL_COLUMNS, ...totals], details.models))
  if (details.clients.length > 1 || details.clients.some(({ client }) => client !== 'unknown')) {
    parts.push(textTable([CLIENT_COLUMN, ...totals], details.clients))
  }
  const warnings = limitWarnings(details.limits)
  if (warnings.length > 0) parts.push(warnings.join('\n'))
  if (details.quotas.length > 0) parts.push(quotaLines(details, now))
  if (details.storage.notice !== null) parts.push(details.storage.notice)
  return parts.join('\n\n')
}

function heading({ month, totals, resetsAt, inFlight }: UsageDetails, isNow: boolean): string {
  const odd = (['failed', 'cancelled', 'truncated', 'lost'] as const)
    .filter((outcome) => totals[outcome] > 0)
    .map((outcome) => `${whole(totals[outcome])} ${outcome}`)
  const under = inFlight > 0 ? `, ${inFlight} more under way` : ''
  const requests = `${whole(totals.requests)} request${totals.requests === 1 ? '' : 's'}`
  const next = isNow ? ` Starts again at zero on ${resetsAt.slice(0, 10)} 00:00 UTC.` : ''
  return `${month} (UTC): ${requests}${odd.length > 0 ? ` (${odd.join(', ')})` : ''}${under}.${next}`
}

interface Sum {
  readonly name: string
  readonly amount: Amount
  readonly age: string
}

const nameOf = ({ name }: Sum): string => name

const SUM_COLUMNS: readonly Column<Sum>[] = [
  { title: 'AMOUNT', align: 'right', text: ({ amount }) => show(amount) },
  { title: 'UNIT', text: ({ amount }) => amount.unit },
  { title: 'SOURCE', text: ({ amount }) => (amount.estimate ? `estimate, ${amount.source}` : amount.source) },
  { title: 'AGE', text: ({ age }) => age },
  {
    title: 'NOT KNOWN',
    text: ({ amount: { unknown } }) => (unknown > 0 ? `${requestsOf(unknown)} more` : ''),
  },
]

function sums({ totals, premiumRequestsApply }: UsageDetails, now: number): Sum[] {
  const age = ago(totals.lastRequestAt, now)
  const rows: Sum[] = [
    { name: 'input', amount: totals.tokens.input, age },
    { name: '  of it cached', amount: totals.tokens.cachedInput, age },
    { name: 'output', amount: totals.tokens.output, age },
    { name: 'credits', amount: totals.credits.reported, age },
  ]
  if (totals.credits.estimated.value > 0)
    rows.push({ name: 'credits', amount: totals.credits.estimated, age })
  // An account billed by credits has none; showing some would only be taken for a bill.
  if (premiumRequestsApply !== false) {
    rows.push({ name: 'premium requests', amount: totals.premiumRequests, age })
  }
  rows.push({ name: 'cost', amount: totals.cost, age })
  return rows
}

type Model = UsageDetails['models'][number]

function totalColumns({ premiumRequestsApply }: UsageDetails): readonly Column<UsageTotals>[] {
  return TOTAL_COLUMNS.filter(({ title }) => title !== PREMIUM || premiumRequestsApply !== false)
}

const PREMIUM = 'PREMIUM'

const TOTAL_COLUMNS: readonly Column<UsageTotals>[] = [
  { title: 'REQUESTS', align: 'right', text: ({ requests }) => whole(requests) },
  { title: 'INPUT', align: 'right', text: ({ tokens }) => show(tokens.input) },
  { title: 'OUTPUT', align: 'right', text: ({ tokens }) => show(tokens.output) },
  { title: 'CREDITS', align: 'right', text: ({ credits }) => showCredits(credits) },
  { title: PREMIUM, align: 'right', text: ({ premiumRequests }) => show(premiumRequests) },
  { title: 'USD', align: 'right', text: ({ cost }) => show(cost) },
]

const MODEL_COLUMNS: readonly Column<Model>[] = [
  { title: 'MODEL', text: ({ model }) => model },
  { title: 'UPSTREAM', text: ({ upstream }) => upstream },
]

const CLIENT_COLUMN: Column<UsageDetails['clients'][number]> = {
  title: 'CLIENT',
  text: ({ client }) => (client === 'unknown' ? '(without token)' : client),
}

/** `~` marks an estimated part, `?` that more was used than could be measured. */
function showCredits({ reported, estimated }: UsageTotals['credits']): string {
  if (estimated.value === 0) return show(reported)
  const sum = Number((reported.value + estimated.value).toPrecision(12))
  return `~${show({ ...reported, value: sum })}`
}

function show(amount: Amount): string {
  if (amount.value === 0 && amount.unknown > 0) return '?'
  const digits = amount.unit === 'tokens' ? 0 : amount.unit === 'USD' ? 4 : 2
  const text = amount.value.toLocaleString('en-US', { maximumFractionDigits: digits })
  // Something small is not nothing.
  const rounded = text === '0' && amount.value > 0 ? `<${10 ** -digits}` : text
  return amount.unknown > 0 ? `${rounded}+?` : rounded
}

function quotaLines({ quotas, account }: UsageDetails, now: number): string {
  const plan = account.plan === null ? '' : ` (${account.plan})`
  const reset = account.quotaResetDate === null ? '' : `, resets ${account.quotaResetDate.slice(0, 10)}`
  return [
    `Copilot quota${plan}${reset}:`,
    ...quotas.map((quota) => `  ${quota.id}: ${quotaText(quota)}; ${quota.source}, ${ago(quota.asOf, now)}`),
  ].join('\n')
}

function quotaText(quota: Quota): string {
  const unit = quota.unit ?? 'units that Copilot does not name'
  const out = quota.exhausted ? ', used up' : ''
  switch (quota.kind) {
    case 'unlimited':
      return `unlimited${out}`
    case 'used-only':
      return `${number(quota.used)} ${unit} used, out of a pool whose size is not told${out}`
    case 'placeholder':
      return 'none told'
    case 'limited': {
      const percent = quota.percentRemaining === null ? '' : ` (${number(quota.percentRemaining)} % left)`
      if (quota.entitlement === null) return `${percent.trim() || 'limited'}${out}`
      return `${number(quota.used)} of ${number(quota.entitlement)} ${unit} used${percent}${out}`
    }
  }
}

function number(value: number | null): string {
  return value === null ? '?' : value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}

function whole(value: number): string {
  return value.toLocaleString('en-US')
}

function requestsOf(count: number): string {
  return `${whole(count)} request${count === 1 ? '' : 's'}`
}
