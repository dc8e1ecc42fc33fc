import type { BridgeState } from '../../shared/state/bridge-state.ts'
import { isOver, type Job } from '../../shared/state/job.ts'
import { oneLine } from './one-line.ts'
import { type TrayStatus, trayStatus } from './tray-status.ts'
import { words } from './words/words.ts'

const said = words.notices

/** What a desktop notification says; a click on it opens the view. */
export interface Notice {
  readonly title: string
  readonly body: string
  readonly view: 'dashboard' | 'prompts'
}

/** What was said already, so that nothing is said twice. Times are ms of the monotonic clock. */
export interface NoticeMemory {
  readonly startedAt: number
  /** The last thing that was said about the connection; silence counts as good. */
  readonly said: 'good' | 'bad'
  /** Since when the connection is otherwise than was said last. */
  readonly otherwiseSince: number | undefined
  readonly prompts: ReadonlySet<string>
  /** Jobs that were seen under way, whose end is news. */
  readonly runningJobs: ReadonlySet<string>
}

export interface NoticeRound {
  readonly memory: NoticeMemory
  readonly notices: readonly Notice[]
  /** When to look again without a new state, in ms of the same clock. */
  readonly lookAgainAt: number | undefined
}

/** A link that is back sooner was a flap: nobody is told of it. */
const LASTING_MS = 15_000
/** The first connections take their time, and whoever started the app is looking at it anyway. */
const WARM_UP_MS = 20_000

export function freshMemory(now: number): NoticeMemory {
  return {
    startedAt: now,
    said: 'good',
    otherwiseSince: undefined,
    prompts: new Set(),
    runningJobs: new Set(),
  }
}

/**
 * What a person who does not look at the app should be told now: questions at once, the end of long work, and a
 * connection that stays broken, or works again after that was said.
 */
export function noticeRound(memory: NoticeMemory, state: BridgeState, now: number): NoticeRound {
  const connection = connectionNotice(memory, state, now)
  return {
    memory: {
      ...connection.memory,
      prompts: new Set(state.prompts.map(({ id }) => id)),
      runningJobs: new Set(state.jobs.filter((job) => !isOver(job)).map(({ id }) => id)),
    },
    notices: [
      ...promptNotices(memory, state),
      ...state.jobs.filter((job) => isOver(job) && memory.runningJobs.has(job.id)).flatMap(jobNotice),
      ...connection.notices,
    ],
    lookAgainAt: connection.lookAgainAt,
  }
}

function promptNotices({ prompts }: NoticeMemory, state: BridgeState): Notice[] {
  return state.prompts
    .filter(({ id }) => !prompts.has(id))
    .map((prompt) => ({
      title: said.needsAnswer,
      body: oneLine(questionWords(prompt), 200),
      view: 'prompts',
    }))
}

function questionWords(prompt: BridgeState['prompts'][number]): string {
  switch (prompt.kind) {
    case 'host-key':
      return said.hostKey(prompt.host)
    case 'passphrase':
      return said.passphrase(prompt.keyFile)
    default:
      return said.asksYou(`${prompt.user}@${prompt.host}`)
  }
}

function jobNotice({ kind, subject, progress }: Job): Notice[] {
  if (progress.phase === 'cancelled') return []
  const title = said.jobOver[kind](oneLine(subject, 60))
  const body = progress.phase === 'failed' ? oneLine(progress.cause.message, 200) : said.done
  return [{ title, body, view: 'dashboard' }]
}

function connectionNotice(memory: NoticeMemory, state: BridgeState, now: number): NoticeRound {
  const status = trayStatus(state)
  const quality = qualityOf(status)
  // Whoever disconnects knows; and a question was told as such.
  if (quality === undefined) return round({ ...memory, said: 'good', otherwiseSince: undefined })
  if (quality === memory.said) return round({ ...memory, otherwiseSince: undefined })
  const since = memory.otherwiseSince ?? now
  const due = Math.max(since + LASTING_MS, memory.startedAt + WARM_UP_MS)
  // Good news does not have to prove itself: the path was proven before it was called good.
  if (quality === 'bad' && now < due) return round({ ...memory, otherwiseSince: since }, [], due)
  const told = { ...memory, said: quality, otherwiseSince: undefined }
  return round(told, [{ title: oneLine(titleOf(status)), body: bodyOf(status), view: 'dashboard' }])
}

function qualityOf({ icon }: TrayStatus): 'good' | 'bad' | undefined {
  if (icon === 'connected') return 'good'
  if (icon === 'error' || icon === 'degraded' || icon === 'connecting') return 'bad'
  return undefined
}

/** A connection that is being tried looks the same in its first second and in its hundredth. */
function titleOf({ headline, icon }: TrayStatus): string {
  return icon === 'connecting' ? said.still(headline) : headline
}

function bodyOf({ cause, icon }: TrayStatus): string {
  if (cause !== undefined) return oneLine(said.cause(cause.message, cause.remedy), 300)
  return icon === 'connected' ? said.allWell : said.slow
}

function round(memory: NoticeMemory, notices: readonly Notice[] = [], lookAgainAt?: number): NoticeRound {
  return { memory, notices, lookAgainAt }
}
