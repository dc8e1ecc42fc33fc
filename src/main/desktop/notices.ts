import type { BridgeState } from '../../shared/state/bridge-state.ts'
import { isOver, type Job } from '../../shared/state/job.ts'
import { type TrayStatus, trayStatus } from './tray-status.ts'
import { oneLine } from './words.ts'

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
      title: 'Sovereign Bridge needs an answer',
      body: oneLine(questionWords(prompt), 200),
      view: 'prompts',
    }))
}

function questionWords(prompt: BridgeState['prompts'][number]): string {
  switch (prompt.kind) {
    case 'host-key':
      return `Is this the host key of ${prompt.host}?`
    case 'passphrase':
      return `The key ${prompt.keyFile} needs its passphrase.`
    default:
      return `${prompt.user}@${prompt.host} asks you something.`
  }
}

function jobNotice({ kind, subject, progress }: Job): Notice[] {
  if (progress.phase === 'cancelled') return []
  const title = `${JOB_TITLES[kind]} ${oneLine(subject, 60)}`
  const body = progress.phase === 'failed' ? oneLine(progress.cause.message, 200) : 'Done.'
  return [{ title, body, view: 'dashboard' }]
}

const JOB_TITLES: Readonly<Record<Job['kind'], string>> = {
  'test-relay': 'Test of the relay on',
  'install-relay': 'Relay on',
  'test-client': 'Test of',
  'set-up-client': 'Set-up of',
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
  const said = { ...memory, said: quality, otherwiseSince: undefined }
  return round(said, [{ title: oneLine(titleOf(status)), body: bodyOf(status), view: 'dashboard' }])
}

function qualityOf({ icon }: TrayStatus): 'good' | 'bad' | undefined {
  if (icon === 'connected') return 'good'
  if (icon === 'error' || icon === 'degraded' || icon === 'connecting') return 'bad'
  return undefined
}

/** A connection that is being tried looks the same in its first second and in its hundredth. */
function titleOf({ headline, icon }: TrayStatus): string {
  return icon === 'connecting' ? `Still ${headline.charAt(0).toLowerCase()}${headline.slice(1)}` : headline
}

function bodyOf({ cause, icon }: TrayStatus): string {
  if (cause !== undefined) return oneLine(`${cause.message} ${cause.remedy}`, 300)
  return icon === 'connected' ? 'Everything works.' : 'It takes longer than it should.'
}

function round(memory: NoticeMemory, notices: readonly Notice[] = [], lookAgainAt?: number): NoticeRound {
  return { memory, notices, lookAgainAt }
}
