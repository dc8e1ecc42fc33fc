import { setTimeout as delay } from 'node:timers/promises'
import type { Ambient } from '../../node/ambient.ts'
import { AppError, toAppError } from '../../shared/errors/app-error.ts'
import { WAKE_STAGES } from '../../shared/protocol/control.ts'
import type { ControlPlane, ServerAddress, ServerReport } from './control-plane.ts'
import type { Probe } from './probe.ts'

export interface WakeRunOptions {
  readonly control: ControlPlane
  readonly owner: string
  readonly ambient: Ambient
  readonly probe: Probe
  readonly pollMs: number
  /** A server that takes longer than this is given up. */
  readonly limitMs: number
  onReport(report: ServerReport): void
}

export interface WokenServer {
  readonly address: ServerAddress
  readonly report: ServerReport
  /** From the request to a port that accepts connections. */
  readonly tookMs: number
  /** It ran already. */
  readonly wasUp: boolean
}

/** Questions that may go unanswered in a row; the provider may have a bad moment, or the network of the laptop. */
const FAILURES_IN_A_ROW = 5

/** What is only moments away is asked for so many times as often. */
const NEAR_SHARE = 4

/** Somebody else stopped it while we were waiting: then it is woken again, but no more often than this. */
const WAKE_AGAIN_MS = 5_000

/**
 * Wakes the server and waits until its port accepts connections.
 *
 * @throws AppError `control.wake-timeout`, `control.refused`, `control.failed`; the signal's reason.
 */
export async function wakeUp(options: WakeRunOptions, signal: AbortSignal): Promise<WokenServer> {
  const limit = AbortSignal.timeout(options.limitMs)
  const watch: Watch = { message: '', failures: 0 }
  try {
    return await wakeWithin(options, AbortSignal.any([signal, limit]), watch)
  } catch (error) {
    signal.throwIfAborted()
    if (!limit.aborted) throw error
    const said = watch.message === '' ? '' : ` ${watch.message}`
    throw new AppError(
      'control.wake-timeout',
      `The tunnel server did not start within ${Math.round(options.limitMs / 1000)} s.${said}`,
      { cause: watch.cause },
    )
  }
}

/** What was heard last, for the words of a failure. */
interface Watch {
  message: string
  failures: number
  cause?: AppError
}

async function wakeWithin(options: WakeRunOptions, signal: AbortSignal, watch: Watch): Promise<WokenServer> {
  const { control, owner, ambient, probe, pollMs } = options
  const startedAt = ambient.monotonicMs()
  await control.wake(owner, signal)
  let wokenAt = ambient.monotonicMs()
  for (let look = 0; ; look += 1) {
    const report = await ask(control, watch, signal)
    if (report !== undefined) options.onReport(report)
    const address = report?.address
    if (report !== undefined && address !== undefined && (await probe(address, signal)))
      return { address, report, tookMs: ambient.monotonicMs() - startedAt, wasUp: look === 0 }
    if (report !== undefined && isGoingDown(report) && ambient.monotonicMs() - wokenAt >= WAKE_AGAIN_MS) {
      await control.wake(owner, signal)
      wokenAt = ambient.monotonicMs()
    }
    await delay(report !== undefined && isNear(report) ? pollMs / NEAR_SHARE : pollMs, undefined, { signal })
  }
}

async function ask(
  control: ControlPlane,
  watch: Watch,
  signal: AbortSignal,
): Promise<ServerReport | undefined> {
  try {
    const report = await control.query(signal)
    watch.message = report.message
    watch.failures = 0
    return report
  } catch (error) {
    const failure = toAppError(error)
    watch.cause = failure
    watch.failures += 1
    if (signal.aborted || failure.recovery !== 'automatic' || watch.failures >= FAILURES_IN_A_ROW) throw error
    return undefined
  }
}

function isNear({ stage }: ServerReport): boolean {
  return stage === 'activating' || stage === 'running'
}

function isGoingDown({ stage }: ServerReport): boolean {
  return WAKE_STAGES.indexOf(stage) > WAKE_STAGES.indexOf('running')
}
