import { AppError, toAppError } from '../../shared/errors/app-error.ts'
import type { Rendering } from '../render/rendering.ts'
import { changeArchive, changeId } from './change.ts'
import { failureWords } from './failure-words.ts'
import { askKeeper, type KeeperState, keeperState, putChange, type Remote } from './remote.ts'

export interface ApplyOptions {
  readonly rendering: Rendering
  /** A connection of its own each time; a change is confirmed only over one that was made after it. */
  readonly connect: (signal: AbortSignal) => Promise<Remote>
  /** How long the change stands without being confirmed. */
  readonly seconds: number
  /** Whether to keep it, asked once the machine was reached anew. @param secondsLeft until it is taken back */
  readonly isToBeKept: (secondsLeft: number, signal: AbortSignal) => Promise<boolean>
  readonly tell: (step: ApplyStep) => void
  readonly signal: AbortSignal
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

export type ApplyStep =
  | { readonly step: 'connecting' | 'handing-over' | 'activating' | 'connecting-anew' | 'undoing' }
  | { readonly step: 'connected'; readonly place: string }
  /** It is taken back by itself after so many seconds. */
  | { readonly step: 'activated'; readonly secondsLeft: number }
  | { readonly step: 'lost'; readonly why: string }

export type ApplyEnd = 'kept' | 'undone'

const ASK_EVERY_MS = 1_000
/** Beyond the time of the change: the machine has to get as far as taking it back. */
const GRACE_SECONDS = 30

/**
 * Puts a rendering in place on a machine, which takes it back by itself unless it was reached over a new connection
 * and the change was kept.
 *
 * @throws AppError `perimeter.pending`, `perimeter.refused`, `perimeter.not-applied-whole`, `perimeter.locked-out`, `ssh.…`
 */
export async function applyRendering(options: ApplyOptions): Promise<ApplyEnd> {
  const { connect, isToBeKept, rendering, seconds, signal, tell } = options
  const id = changeId(rendering)
  tell({ step: 'connecting' })
  await using first = await connection(await connect(signal))
  tell({ step: 'connected', place: first.remote.place })
  tell({ step: 'handing-over' })
  await putChange(first.remote, await changeArchive(rendering))
  tell({ step: 'activating' })
  // Its answer may be lost with the connection; how it went is asked anew.
  const gone = askKeeper(first.remote, 'go', [String(seconds), id]).catch((error: unknown) => {
    if (error instanceof AppError && error.code.startsWith('perimeter.')) throw error
  })
  const whole = AbortSignal.any([signal, AbortSignal.timeout((seconds + GRACE_SECONDS) * 1000)])
  await Promise.race([gone, options.pause(5_000, whole)])
  tell({ step: 'connecting-anew' })
  const { remote, state } = await reachAnew(options, id, whole)
  await using again = await connection(remote)
  // A clock that was set meanwhile must neither end the question at once nor keep it up for years.
  const secondsLeft = Math.min(seconds, Math.max(0, (state.pending?.ends ?? state.now) - state.now))
  tell({ step: 'activated', secondsLeft })
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(secondsLeft * 1000)])
  const isKept = await isToBeKept(secondsLeft, deadline).catch(() => false)
  if (isKept) {
    await askKeeper(again.remote, 'confirm', [id])
    return 'kept'
  }
  tell({ step: 'undoing' })
  await askKeeper(again.remote, 'undo', [id]).catch((error: unknown) => {
    // Its time is up, so it is being taken back already.
    if (!(error instanceof AppError) || error.code !== 'perimeter.not-pending') throw error
  })
  return 'undone'
}

interface Reached {
  readonly remote: Remote
  readonly state: KeeperState
}

/** Over a connection that was made after the change, and only once the change is whole. */
async function reachAnew(options: ApplyOptions, id: string, signal: AbortSignal): Promise<Reached> {
  let last: unknown
  while (!signal.aborted) {
    const remote = await options.connect(signal).catch((error: unknown) => {
      last = error
      options.tell({ step: 'lost', why: toAppError(error).message })
      return undefined
    })
    if (remote !== undefined) {
      const state = await settled(options, remote, id, signal).catch((error: unknown) => {
        last = error
        return undefined
      })
      if (state !== undefined && state.activated === 'ok' && state.pending?.id === id)
        return { remote, state }
      await remote.close()
      if (state?.result === 'failed') throw failed(remote.place, state)
      // Back in, but only because the change is gone again.
      if (state?.result !== undefined) throw lockedOut(remote.place, last)
    }
    await options.pause(ASK_EVERY_MS, signal).catch(() => undefined)
  }
  options.signal.throwIfAborted()
  throw lockedOut('The machine', last)
}

/** Asks until the change is through with whatever it does. */
async function settled(
  { pause }: ApplyOptions,
  remote: Remote,
  id: string,
  signal: AbortSignal,
): Promise<KeeperState> {
  for (;;) {
    const state = await keeperState(remote)
    if (state.result !== undefined || (state.pending?.id === id && state.activated === 'ok')) return state
    await pause(ASK_EVERY_MS, signal)
  }
}

function failed(place: string, { log }: KeeperState): AppError {
  const { command, said } = failureWords(log)
  return new AppError(
    'perimeter.not-applied-whole',
    `${place} could not do all of it${command === undefined ? '' : `, at "${command.slice(0, 200)}"`}: ${said.slice(0, 600)}. Everything there is as it was.`,
  )
}

function lockedOut(place: string, cause: unknown): AppError {
  const why = cause === undefined ? '' : ` (${toAppError(cause).message.replace(/\.$/, '')})`
  return new AppError(
    'perimeter.locked-out',
    `${place} could not be reached after the change${why}, so it was taken back there.`,
    { cause },
  )
}

interface Connection extends AsyncDisposable {
  readonly remote: Remote
}

async function connection(remote: Remote): Promise<Connection> {
  return { remote, [Symbol.asyncDispose]: () => remote.close() }
}
