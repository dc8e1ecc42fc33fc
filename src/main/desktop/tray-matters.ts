import type { Usage, UsageLimit, UsageQuota } from '../../shared/protocol/read-usage.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import type { Job } from '../../shared/state/job.ts'
import { words } from './words/words.ts'

const said = words.matters

/** Something to be looked at that is no trouble of the connection: the badge on the icon stands for it. */
export interface Matter {
  /** The same as long as it is the same news. */
  readonly key: string
  /** In the middle of a sentence: "version 1.2.0 is available". */
  readonly words: string
  /** Where the window shows it, such as `#/settings`. */
  readonly route: string
}

export function mattersOf({ desktop, jobs }: BridgeState): Matter[] {
  return [...updateMatters(desktop), ...jobs.flatMap(jobMatters)]
}

/** What of the usage somebody should know before it is too late, and after. */
export function usageMatters({ limits, quotas }: Usage): Matter[] {
  return [...quotas.flatMap(quotaMatters), ...limits.flatMap(limitMatters)]
}

function updateMatters(desktop: BridgeState['desktop']): Matter[] {
  if (desktop.kind === 'none') return []
  const { update } = desktop
  if (update.kind !== 'available' && update.kind !== 'ready') return []
  const { kind, version } = update
  const news = kind === 'ready' ? said.updateReady(version) : said.updateAvailable(version)
  return [{ key: `update ${kind} ${version}`, words: news, route: '#/settings' }]
}

function jobMatters({ id, kind, progress, subject }: Job): Matter[] {
  if (progress.phase !== 'failed') return []
  return [{ key: `job ${id} ${progress.at}`, words: said.jobFailed[kind](subject), route: '#/' }]
}

/** As much is left of an allowance when it begins to matter. */
const NEAR_PERCENT_LEFT = 10

function quotaMatters({ exhausted, id, kind, percentRemaining, resetsAt, unit }: UsageQuota): Matter[] {
  if (kind !== 'limited') return []
  const isNear = percentRemaining !== undefined && percentRemaining <= NEAR_PERCENT_LEFT
  if (!exhausted && !isNear) return []
  const what = unit ?? (id === 'premium_interactions' ? said.premiumRequests : id)
  const news = exhausted ? said.quotaSpent(what) : said.quotaNear(what)
  return [matter({ key: `quota ${id}`, news, isSpent: exhausted, resetsAt })]
}

/** Limits by the minute come and go. */
function limitMatters({ client, name, period, resetsAt, scope, state, unit }: UsageLimit): Matter[] {
  if (period !== 'month' || state === 'ok') return []
  const whose = scope === 'relay' ? said.limitOfRelay : (client ?? said.limitOfSomebody)
  const key = `limit ${scope} ${client ?? ''} ${name}`
  const isSpent = state === 'spent'
  const news = isSpent ? said.limitSpent(whose, unit) : said.limitNear(whose, unit)
  return [matter({ key, news, isSpent, resetsAt })]
}

/** News again in the next month, and once more when all of it is gone. */
function matter({ key, news, isSpent, resetsAt }: Shortage): Matter {
  return {
    key: `${key} ${isSpent ? 'spent' : 'near'} ${resetsAt ?? ''}`.trim(),
    words: news,
    route: '#/',
  }
}

interface Shortage {
  readonly key: string
  readonly news: string
  readonly isSpent: boolean
  readonly resetsAt: string | undefined
}
