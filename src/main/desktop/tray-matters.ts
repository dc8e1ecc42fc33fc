import type { Usage, UsageLimit, UsageQuota } from '../../shared/protocol/read-usage.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import type { Job } from '../../shared/state/job.ts'

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
  const what = update.kind === 'ready' ? 'is ready to install' : 'is available'
  return [
    {
      key: `update ${update.kind} ${update.version}`,
      words: `version ${update.version} ${what}`,
      route: '#/settings',
    },
  ]
}

function jobMatters({ id, kind, progress, subject }: Job): Matter[] {
  if (progress.phase !== 'failed') return []
  const words = `${JOB_WORDS[kind]} ${subject} has failed`
  return [{ key: `job ${id} ${progress.at}`, words, route: '#/' }]
}

const JOB_WORDS: Readonly<Record<Job['kind'], string>> = {
  'test-relay': 'the test of the relay on',
  'install-relay': 'the installation on',
  'test-client': 'the test of',
  'set-up-client': 'the set-up of',
}

/** As much is left of an allowance when it begins to matter. */
const NEAR_PERCENT_LEFT = 10

function quotaMatters({ exhausted, id, kind, percentRemaining, resetsAt, unit }: UsageQuota): Matter[] {
  if (kind !== 'limited') return []
  const isNear = percentRemaining !== undefined && percentRemaining <= NEAR_PERCENT_LEFT
  if (!exhausted && !isNear) return []
  const what = unit ?? (id === 'premium_interactions' ? 'premium requests' : id)
  return [matter(`quota ${id}`, `the ${what} of this month are`, exhausted, resetsAt)]
}

/** Limits by the minute come and go. */
function limitMatters({ client, name, period, resetsAt, scope, state, unit }: UsageLimit): Matter[] {
  if (period !== 'month' || state === 'ok') return []
  const whose = scope === 'relay' ? 'the relay' : (client ?? 'a client')
  const key = `limit ${scope} ${client ?? ''} ${name}`
  return [matter(key, `the monthly limit of ${whose} (${unit}) is`, state === 'spent', resetsAt)]
}

/** News again in the next month, and once more when all of it is gone. */
function matter(key: string, what: string, isSpent: boolean, resetsAt: string | undefined): Matter {
  return {
    key: `${key} ${isSpent ? 'spent' : 'near'} ${resetsAt ?? ''}`.trim(),
    words: `${what} ${isSpent ? 'used up' : 'nearly used up'}`,
    route: '#/',
  }
}
