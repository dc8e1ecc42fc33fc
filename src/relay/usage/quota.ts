import { z } from 'zod'
import {
  type Account,
  accountSchema,
  type Quota,
  quotaSchema,
  type Unit,
} from '../../shared/protocol/usage.ts'
import { isRecord, looseNumber } from './exact.ts'

type QuotaSource = Quota['source']

/** Quotas that Copilot could invent; more would only fill memory. */
const QUOTAS_MAX = 16
const ID = /^[\w-]{1,64}$/

const savedSchema = z.object({
  account: accountSchema,
  quotas: z.array(quotaSchema.omit({ unit: true })),
})

/** The newest that Copilot has said about the account, whichever way it came. */
export class AccountState {
  private readonly byId = new Map<string, Omit<Quota, 'unit'>>()
  private known: Account = { plan: null, tokenBased: null, quotaResetDate: null, asOf: null }

  get account(): Account {
    return this.known
  }

  quotas(): Quota[] {
    return [...this.byId.values()].map((quota) => ({ ...quota, unit: this.unitOf(quota) }))
  }

  /** Whether anything was said at all. */
  get isKnown(): boolean {
    return this.known.asOf !== null || this.byId.size > 0
  }

  /** Whether premium requests are what the account is billed by; null while that is not known. */
  premiumRequestsApply(): boolean | null {
    if (this.known.tokenBased === true) return false
    const premium = [...this.byId.values()].filter((quota) => quota.id.startsWith('premium'))
    if (premium.some((quota) => quota.kind === 'limited')) return true
    return this.known.tokenBased === false ? premium.length > 0 : null
  }

  /** The parsed body of `GET /copilot_internal/user`. */
  takeUserPage(page: unknown, at: number): void {
    if (!isRecord(page)) return
    const asOf = new Date(at).toISOString()
    const snapshots = isRecord(page.quota_snapshots) ? page.quota_snapshots : {}
    const flags = [page, ...Object.values(snapshots).filter(isRecord)].map((part) => part.token_based_billing)
    this.known = {
      plan: text(page.copilot_plan),
      tokenBased: flags.includes(true) ? true : flags.includes(false) ? false : null,
      quotaResetDate: text(page.quota_reset_date_utc) ?? text(page.quota_reset_date),
      asOf,
    }
    this.takeSnapshots(snapshots, 'Copilot user page', at)
    const remaining = page.limited_user_quotas
    const monthly = page.monthly_quotas
    if (!isRecord(remaining) || !isRecord(monthly)) return
    for (const [id, left] of Object.entries(remaining)) {
      if (id in snapshots) continue
      this.put(id, { entitlement: monthly[id], remaining: left }, 'Copilot user page', asOf)
    }
  }

  /** Rows by quota id, as on the user page and in `response.completed`. */
  takeSnapshots(snapshots: unknown, source: QuotaSource, at: number): void {
    if (!isRecord(snapshots)) return
    const asOf = new Date(at).toISOString()
    for (const [id, row] of Object.entries(snapshots)) if (isRecord(row)) this.put(id, row, source, asOf)
  }

  /** `x-quota-snapshot-<id>: ent=1500&rem=88.4&ov=0&ovPerm=false&rst=…&totRem=…` */
  takeHeaders(headers: Readonly<Record<string, string | string[] | undefined>>, at: number): boolean {
    let found = false
    for (const [name, value] of Object.entries(headers)) {
      const id = /^x-quota-snapshot-(.+)$/i.exec(name)?.[1]
      if (id === undefined || value === undefined) continue
      const pairs = new URLSearchParams(Array.isArray(value) ? value[0] : value)
      const row = {
        entitlement: pairs.get('ent'),
        percent_remaining: pairs.get('rem'),
        remaining: pairs.get('totRem'),
        overage_count: pairs.get('ov'),
        overage_permitted: pairs.get('ovPerm'),
        quota_reset_at: pairs.get('rst'),
      }
      this.put(id, row, 'Copilot response header', new Date(at).toISOString())
      found = true
    }
    return found
  }

  /** For keeping over a restart. */
  save(): string {
    return JSON.stringify({ account: this.known, quotas: [...this.byId.values()] })
  }

  /** What `save` gave; throws where it is something else. */
  restore(text: string): void {
    const { account, quotas } = savedSchema.parse(JSON.parse(text))
    this.known = account
    for (const quota of quotas.slice(0, QUOTAS_MAX)) this.byId.set(quota.id, quota)
  }

  private put(id: string, row: Record<string, unknown>, source: QuotaSource, asOf: string): void {
    if (!ID.test(id) || (!this.byId.has(id) && this.byId.size >= QUOTAS_MAX)) return
    const quota = readQuota(id, row, source, asOf)
    if (quota === undefined) return
    // Response headers call a pooled seat unlimited; what the user page knew of its use must not get lost.
    if (quota.kind === 'unlimited' && this.byId.get(id)?.kind === 'used-only') return
    this.byId.set(id, quota)
  }

  private unitOf(quota: Omit<Quota, 'unit'>): Unit | null {
    if (quota.kind === 'used-only' || this.known.tokenBased === true) return 'AI credits'
    if (this.known.tokenBased === false)
      return quota.id.startsWith('premium') ? 'premium requests' : 'requests'
    return null
  }
}

/**
 * One row in any of its shapes. Copilot sends numbers as text, leaves fields out, marks unlimited with a flag or
 * with -1, sends all zeros where there is no quota, and says "unlimited, 100 % left" of pooled seats whose
 * credits are counted all the same.
 */
function readQuota(
  id: string,
  row: Record<string, unknown>,
  source: QuotaSource,
  asOf: string,
): Omit<Quota, 'unit'> | undefined {
  const entitlement = looseNumber(row.entitlement)
  const remaining = looseNumber(row.remaining) ?? looseNumber(row.quota_remaining)
  const percent = looseNumber(row.percent_remaining)
  const creditsUsed = looseNumber(row.credits_used)
  const common = {
    id,
    overage: looseNumber(row.overage_count) ?? null,
    overagePermitted: flag(row.overage_permitted),
    resetsAt: text(row.quota_reset_at) ?? null,
    source,
    asOf,
  }
  const none = { entitlement: null, remaining: null, used: null, percentRemaining: null }
  const outOfPool = row.has_quota === false
  if (row.unlimited === true || row.unlimited === 'true' || entitlement === -1) {
    return creditsUsed === undefined
      ? { ...common, ...none, kind: 'unlimited', exhausted: outOfPool }
      : { ...common, ...none, kind: 'used-only', used: creditsUsed, exhausted: outOfPool }
  }
  if (creditsUsed !== undefined && !entitlement) {
    return { ...common, ...none, kind: 'used-only', used: creditsUsed, exhausted: outOfPool }
  }
  if (entitlement === undefined && remaining === undefined && percent === undefined) return undefined
  if (entitlement === 0 && (remaining ?? 0) === 0) {
    return { ...common, ...none, kind: 'placeholder', exhausted: outOfPool }
  }
  const left =
    remaining ??
    (entitlement !== undefined && percent !== undefined ? (entitlement * percent) / 100 : undefined)
  const percentLeft = percent ?? (entitlement && left !== undefined ? (left / entitlement) * 100 : undefined)
  const used =
    creditsUsed ?? (entitlement !== undefined && left !== undefined ? entitlement - left : undefined)
  return {
    ...common,
    kind: 'limited',
    entitlement: entitlement ?? null,
    remaining: left ?? null,
    used: used ?? null,
    percentRemaining: percentLeft ?? null,
    exhausted: outOfPool || (left ?? percentLeft ?? 1) <= 0,
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, 100) : null
}

function flag(value: unknown): boolean | null {
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : null
}
