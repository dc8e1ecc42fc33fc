import type { Usage, UsageAmount, UsageQuota } from '../../shared/protocol/read-usage.ts'
import { oneLine } from './one-line.ts'
import { words } from './words/words.ts'

const said = words.usage

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
  return oneLine(why === undefined ? said.unknown : said.unknownWhy(why))
}

/** Premium requests, or AI credits in the same row, are what runs out; a row that says nothing is passed over. */
function mainQuota(quotas: readonly UsageQuota[]): UsageQuota | undefined {
  const telling = quotas.filter(({ kind }) => kind !== 'placeholder')
  return (
    telling.find(({ id }) => id === 'premium_interactions') ?? telling.find(({ kind }) => kind === 'limited')
  )
}

function quotaWords(quota: UsageQuota, { account }: Usage, now: number): string {
  const name = quota.unit === 'AI credits' ? said.aiCredits : said.premiumRequests
  if (quota.kind === 'unlimited') return said.unlimited(name)
  const reset = dateOf(quota.resetsAt ?? account?.quotaResetDate)
  // What was used before does not count any more, and nobody has told of what was used since.
  if (reset !== undefined && reset <= now) return said.unknownSinceReset(name, dayWords(reset))
  return said.quota(name, usedWords(quota), resetWords(reset))
}

function usedWords(quota: UsageQuota): string {
  const used = quota.used ?? usedShare(quota)
  if (used === undefined) return quota.exhausted ? said.usedUp : said.notKnown
  if (quota.kind === 'used-only' || quota.entitlement === undefined) return said.used(numberWords(used))
  return said.usedOf(numberWords(used), numberWords(quota.entitlement))
}

function usedShare({ entitlement, percentRemaining }: UsageQuota): number | undefined {
  if (entitlement === undefined || percentRemaining === undefined) return undefined
  return Math.max(0, entitlement * (1 - percentRemaining / 100))
}

function countedWords(usage: Usage): string {
  const { account, month, premiumRequestsApply, requests, totals } = usage
  // The first relays counted from when they were started, and nothing but this.
  if (month === undefined) return said.sinceStart(requestWords(requests))
  if (requests === 0) return said.none
  const reset = resetWords(dateOf(usage.resetsAt))
  if (premiumRequestsApply === true) return said.premiumThisMonth(amountWords(totals?.premiumRequests), reset)
  if (premiumRequestsApply === false || account?.tokenBased === true)
    return said.creditsThisMonth(amountWords(creditsOf(usage)), reset)
  const cost = totals?.cost
  return isKnown(cost) ? said.cost(amountWords(cost), reset) : said.costUnknown(requestWords(requests))
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

function isKnown(amount: UsageAmount | undefined): amount is UsageAmount {
  return amount !== undefined && (amount.value !== 0 || amount.unknown === 0)
}

function amountWords(amount: UsageAmount | undefined): string {
  if (!isKnown(amount)) return said.notKnown
  const { estimate, unit, unknown, value } = amount
  const number = unit === 'USD' ? said.dollars(value) : numberWords(value)
  if (unknown > 0) return said.orMore(number)
  return estimate && value > 0 ? said.about(number) : number
}

function requestWords(count: number): string {
  return count === 1 ? said.oneRequest : said.requests(numberWords(count))
}

/** Whole from ten on: a menu that changes with each request would close under the hand of who reads it. */
function numberWords(value: number): string {
  return value.toLocaleString(words.numberLocale, { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0 })
}

function resetWords(reset: number | undefined): string {
  return reset === undefined ? said.resetUnknown : said.resets(dayWords(reset))
}

function dateOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}

function dayWords(time: number): string {
  return new Date(time).toLocaleDateString(words.locale, { day: 'numeric', month: 'long', timeZone: 'UTC' })
}
