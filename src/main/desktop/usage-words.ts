import type { Usage, UsageAmount, UsageQuota } from '../../shared/protocol/read-usage.ts'
import { oneLine } from './words.ts'

/**
 * The usage of this month in one line: what the account is granted and how much of it is used, else what the relay
 * has counted. What is unknown is called so and is no zero.
 *
 * @param now in ms since the epoch.
 */
export function usageWords(usage: Usage, now: number): string {
  const quota = mainQuota(usage.quotas)
  return quota === undefined ? countedWords(usage) : quotaWords(quota, usage, now)
}

export function unknownUsage(why?: string): string {
  return oneLine(`Usage this month: not known${why === undefined ? '' : `: ${why}`}`)
}

/** Premium requests, or AI credits in the same row, are what runs out; a row that says nothing is passed over. */
function mainQuota(quotas: readonly UsageQuota[]): UsageQuota | undefined {
  const telling = quotas.filter(({ kind }) => kind !== 'placeholder')
  return (
    telling.find(({ id }) => id === 'premium_interactions') ?? telling.find(({ kind }) => kind === 'limited')
  )
}

function quotaWords(quota: UsageQuota, { account }: Usage, now: number): string {
  const name = quota.unit === 'AI credits' ? 'AI credits' : 'Premium requests'
  if (quota.kind === 'unlimited') return `${name}: unlimited`
  const reset = dateOf(quota.resetsAt ?? account?.quotaResetDate)
  // What was used before does not count any more, and nobody has told of what was used since.
  if (reset !== undefined && reset <= now) return `${name}: not known since the reset on ${dayWords(reset)}`
  return `${name}: ${usedWords(quota)}${resetWords(reset)}`
}

function usedWords(quota: UsageQuota): string {
  const used = quota.used ?? usedShare(quota)
  if (used === undefined) return quota.exhausted ? 'used up' : 'not known'
  if (quota.kind === 'used-only' || quota.entitlement === undefined) return `${numberWords(used)} used`
  return `${numberWords(used)} of ${numberWords(quota.entitlement)} used`
}

function usedShare({ entitlement, percentRemaining }: UsageQuota): number | undefined {
  if (entitlement === undefined || percentRemaining === undefined) return undefined
  return Math.max(0, entitlement * (1 - percentRemaining / 100))
}

function countedWords(usage: Usage): string {
  const { account, month, premiumRequestsApply, requests, totals } = usage
  // The first relays counted from when they were started, and nothing but this.
  if (month === undefined) return `Usage since the relay started: ${requestWords(requests)}`
  if (requests === 0) return 'Usage this month: no requests yet'
  const reset = resetWords(dateOf(usage.resetsAt))
  if (premiumRequestsApply === true)
    return `Premium requests this month: ${amountWords(totals?.premiumRequests)}${reset}`
  if (premiumRequestsApply === false || account?.tokenBased === true)
    return `AI credits this month: ${amountWords(creditsOf(usage))}${reset}`
  const cost = amountWords(totals?.cost)
  return cost === NOT_KNOWN
    ? `Usage this month: ${requestWords(requests)}, cost not known`
    : `Cost this month: ${cost}${reset}`
}

/** Requests are either billed with a number or estimated, so the two are parts of one sum. */
function creditsOf({ totals }: Usage): UsageAmount | undefined {
  const { reported, estimated } = totals?.credits ?? {}
  if (reported === undefined || estimated === undefined) return reported ?? estimated
  return {
    ...reported,
    value: reported.value + estimated.value,
    estimate: reported.estimate || estimated.value > 0,
    unknown: Math.max(reported.unknown, estimated.unknown),
  }
}

const NOT_KNOWN = 'not known'

function amountWords(amount: UsageAmount | undefined): string {
  if (amount === undefined || (amount.value === 0 && amount.unknown > 0)) return NOT_KNOWN
  const { estimate, unit, unknown, value } = amount
  const number = unit === 'USD' ? `$${value.toFixed(2)}` : numberWords(value)
  if (unknown > 0) return `${number} or more`
  return estimate && value > 0 ? `about ${number}` : number
}

function requestWords(count: number): string {
  return count === 1 ? '1 request' : `${numberWords(count)} requests`
}

/** Whole from ten on: a menu that changes with each request would close under the hand of who reads it. */
function numberWords(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0 })
}

function resetWords(reset: number | undefined): string {
  return reset === undefined ? ', reset date not told' : `, resets ${dayWords(reset)}`
}

function dateOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}

function dayWords(time: number): string {
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' })
}
