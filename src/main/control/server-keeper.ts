import { AppError, toAppError, toFailure } from '../../shared/errors/app-error.ts'
import type { RunningServer } from '../../shared/state/egress.ts'
import type { ServerAddress, ServerReport } from './control-plane.ts'
import {
  type KeeperState,
  type KeeperTimes,
  POLL_MS,
  type ServerKeeperOptions,
  TIMES,
} from './keeper-options.ts'
import { type KillOutcome, killUntilGone } from './kill-run.ts'
import { runningServer } from './price.ts'
import { type Probe, tcpProbe } from './probe.ts'
import { type TypicalTime, typicalTime } from './typical-time.ts'
import { waitFor } from './wait-for.ts'
import { type WokenServer, wakeUp } from './wake-run.ts'

interface Run {
  readonly abort: AbortController
  readonly done: Promise<WokenServer>
}

/** Has the server started when it is needed and stopped when it is not. */
export class ServerKeeper {
  private readonly options: ServerKeeperOptions
  private readonly times: KeeperTimes
  private readonly probe: Probe
  private readonly typical: TypicalTime
  private current: KeeperState
  private report: ServerReport | undefined
  private run: Run | undefined
  private killing: { readonly abort: AbortController; readonly done: Promise<unknown> } | undefined
  private closing: Promise<void> | undefined
  private readonly hurry = new AbortController()
  private holdMs: number
  private held = 0
  /** When it was last seen to run, by the clock that never jumps. */
  private seenAt = Number.NEGATIVE_INFINITY
  /** Something may run of which we are the ones that have to stop it. */
  private isArmed = false
  private failure: { readonly error: AppError; readonly until: number } | undefined

  constructor(options: ServerKeeperOptions) {
    this.options = options
    this.holdMs = options.holdMs
    this.times = { ...TIMES, pollMs: POLL_MS[options.control.kind], ...options.times }
    this.probe = options.probe ?? tcpProbe
    this.typical = typicalTime(options.historyFile, options.control.kind, options.log)
    this.current = this.asleep()
  }

  get state(): KeeperState {
    return this.current
  }

  /** What it costs by now; `undefined` while it does not run or nobody knows. */
  get running(): RunningServer | undefined {
    const { control, ambient } = this.options
    return this.report === undefined ? undefined : runningServer(control.price, this.report, ambient.now())
  }

  /**
   * Where the server is, after it was woken if it has to be; all who ask meanwhile wait for the same start.
   *
   * @throws AppError `control.wake-timeout` after `holdMs`, while the start goes on for those who come later;
   * `control.refused`, `control.failed`; `tunnel.down` once closed; the signal's reason.
   */
  async address(signal: AbortSignal): Promise<ServerAddress> {
    signal.throwIfAborted()
    if (this.closing !== undefined) throw disconnecting()
    const { failure } = this
    if (failure !== undefined && this.options.ambient.monotonicMs() < failure.until) throw failure.error
    this.run ??= this.start()
    const { done } = this.run
    this.changeHeld(1)
    try {
      const { address } = await waitFor(done, this.holdMs, signal, () => this.stillStarting())
      return address
    } finally {
      this.changeHeld(-1)
    }
  }

  /** Where the server is if it runs, without waking it: for whoever lost the connection to it. */
  async look(signal: AbortSignal): Promise<ServerAddress | undefined> {
    if (this.closing !== undefined || this.run !== undefined) return undefined
    const { current, options } = this
    const isFresh = options.ambient.monotonicMs() - this.seenAt < this.times.freshMs
    if (current.phase === 'awake' && isFresh) return current.address
    const report = await this.options.control.query(signal)
    // Somebody began to wake or to close it while we were asking.
    if (this.closing !== undefined || this.run !== undefined) return undefined
    if (report.address === undefined) {
      this.report = undefined
      if (this.current.phase !== 'asleep') this.become(this.asleep())
      return undefined
    }
    this.isArmed = true
    this.becomeAwake(report.address, report)
    return report.address
  }

  /** Lets go of the server until somebody asks for it again, and waits to see it stopped. Never rejects. */
  async rest(): Promise<void> {
    if (this.closing !== undefined) return
    await this.endRun(putToSleep())
    if (this.closing !== undefined || this.run !== undefined) return
    if (!this.isArmed) {
      this.become(this.asleep())
      return
    }
    this.become({ phase: 'killing', since: this.options.ambient.now() })
    const abort = new AbortController()
    const { control, owner } = this.options
    const { pollMs, killLimitMs: limitMs } = this.times
    const done = killUntilGone({ control, owner, pollMs, limitMs }, abort.signal).then((outcome) => {
      // Whoever wants it awake again goes on from here.
      if (!abort.signal.aborted) this.afterKill(outcome)
    })
    this.killing = { abort, done }
    await done
  }

  /** Somebody has looked at the settings: what failed is tried again at once. */
  use({ holdMs }: Pick<ServerKeeperOptions, 'holdMs'>): void {
    this.holdMs = holdMs
    this.failure = undefined
  }

  /** Lets go of the server, and waits up to `drainMs` to see it stopped. Asked again, the earlier end counts. */
  close(drainMs: number): Promise<void> {
    this.closing ??= this.end()
    const timer = setTimeout(() => this.hurry.abort(), Math.max(drainMs, this.times.killAtLeastMs))
    return this.closing.finally(() => clearTimeout(timer))
  }

  private start(): Run {
    const abort = new AbortController()
    const done = this.wake(abort.signal)
    const run = { abort, done }
    // Those who wait hear of a failure; without them it is in the state.
    done.catch(() => undefined)
    return run
  }

  private async wake(signal: AbortSignal): Promise<WokenServer> {
    const { control, owner, ambient } = this.options
    const before = this.current
    this.become({
      phase: 'waking',
      since: ambient.now(),
      stage: 'requested',
      typicalMs: undefined,
      held: this.held,
    })
    try {
      // A kill that came later than this wake would take the server away again.
      await this.endKill()
      this.change({ typicalMs: await this.typical.ms() })
      this.isArmed = true
      const { pollMs, startLimitMs: limitMs } = this.times
      const onReport = ({ stage }: ServerReport) => this.change({ stage })
      const { probe } = this
      const woken = await wakeUp({ control, owner, ambient, probe, pollMs, limitMs, onReport }, signal)
      if (!woken.wasUp) await this.typical.add(woken.tookMs)
      this.failure = undefined
      this.run = undefined
      this.becomeAwake(woken.address, woken.report)
      return woken
    } catch (error) {
      this.run = undefined
      if (!signal.aborted) this.startFailed(toAppError(error), before)
      throw error
    }
  }

  /** A start that failed may still have left something that runs and costs. */
  private startFailed(error: AppError, before: KeeperState): void {
    const { control, owner, ambient, log } = this.options
    log.warn({ code: error.code, reason: error.message }, 'the tunnel server did not start')
    this.failure = { error, until: ambient.monotonicMs() + this.times.coolDownMs[error.recovery] }
    if (before.phase === 'awake' && error.code !== 'control.wake-timeout') {
      // It ran when it was last seen, and only its provider does not answer: that is no reason to stop it.
      this.become(before)
      return
    }
    this.become({ phase: 'killing', since: ambient.now() })
    const abort = new AbortController()
    const { pollMs, killLimitMs: limitMs } = this.times
    const done = killUntilGone({ control, owner, pollMs, limitMs }, abort.signal).then((outcome) => {
      if (abort.signal.aborted) return
      // One that is not answered is sent again when everything is closed.
      if (outcome.kind !== 'unanswered') this.isArmed = false
      this.report = undefined
      log.info({ outcome: outcome.kind }, 'cleared away what a failed start may have left')
      const needsSomebody = error.recovery !== 'automatic'
      this.become(
        needsSomebody ? { phase: 'failed', since: ambient.now(), cause: toFailure(error) } : this.asleep(),
      )
    })
    this.killing = { abort, done }
  }

  /** No start and no kill goes on after it. */
  private async endRun(reason: AppError): Promise<void> {
    const { run } = this
    run?.abort.abort(reason)
    await run?.done.catch(() => undefined)
    await this.endKill()
  }

  private async endKill(): Promise<void> {
    const { killing } = this
    this.killing = undefined
    killing?.abort.abort()
    await killing?.done
  }

  private async end(): Promise<void> {
    const { control, owner, ambient } = this.options
    await this.endRun(disconnecting())
    if (this.isArmed) {
      this.become({ phase: 'killing', since: ambient.now() })
      const { pollMs, killLimitMs: limitMs } = this.times
      this.afterKill(await killUntilGone({ control, owner, pollMs, limitMs }, this.hurry.signal))
    }
    await control.close()
  }

  private afterKill(outcome: KillOutcome): void {
    const { log, ambient } = this.options
    this.report = undefined
    log.info({ outcome: outcome.kind }, 'let go of the tunnel server')
    if (outcome.kind !== 'unanswered') {
      this.isArmed = false
      this.become(this.asleep())
      return
    }
    const cause = new AppError(
      'control.failed',
      'It is not known whether the tunnel server has stopped: its provider did not answer.',
      { cause: outcome.cause, remedy: 'Look at the provider whether it still runs.' },
    )
    log.warn({ reason: outcome.cause?.message }, cause.message)
    this.become({ phase: 'failed', since: ambient.now(), cause: toFailure(cause) })
  }

  private stillStarting(): AppError {
    const { current } = this
    const seconds = Math.round(this.holdMs / 1000)
    const stage = current.phase === 'waking' ? ` It is ${current.stage} now.` : ''
    const typicalMs = current.phase === 'waking' ? current.typicalMs : undefined
    const usual = typicalMs === undefined ? '' : ` It takes ${Math.round(typicalMs / 1000)} s as a rule.`
    return new AppError(
      'control.wake-timeout',
      `The tunnel server is still being started after a wait of ${seconds} s.${stage}${usual}`,
      { remedy: 'Try again in a moment: the start goes on.' },
    )
  }

  private changeHeld(by: 1 | -1): void {
    this.held += by
    this.change({ held: this.held })
  }

  /** Of a start that is going on. */
  private change(part: Partial<Extract<KeeperState, { readonly phase: 'waking' }>>): void {
    if (this.current.phase === 'waking') this.become({ ...this.current, ...part })
  }

  private becomeAwake(address: ServerAddress, report: ServerReport): void {
    this.report = report
    this.seenAt = this.options.ambient.monotonicMs()
    const { current } = this
    const isSame = current.phase === 'awake' && isSameAddress(current.address, address)
    const since = isSame ? current.since : this.options.ambient.now()
    this.become({ phase: 'awake', since, address, running: this.running })
  }

  private become(state: KeeperState): void {
    this.current = state
    this.options.onState(state)
  }

  private asleep(): KeeperState {
    const { ambient, control } = this.options
    return { phase: 'asleep', since: ambient.now(), control: control.kind }
  }
}

export function createServerKeeper(options: ServerKeeperOptions): ServerKeeper {
  return new ServerKeeper(options)
}

function isSameAddress(a: ServerAddress, b: ServerAddress): boolean {
  return a.host === b.host && a.port === b.port
}

function putToSleep(): AppError {
  return new AppError('tunnel.down', 'Somebody lets the tunnel server go to sleep.', {
    remedy: 'The next request wakes it.',
  })
}

function disconnecting(): AppError {
  return new AppError('tunnel.down', 'The tunnel is being disconnected.', { remedy: 'Connect again.' })
}
