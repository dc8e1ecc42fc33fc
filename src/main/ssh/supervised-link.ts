import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { AppError, toAppError, toFailure } from '../../shared/errors/app-error.ts'
import type { ListenAddress } from '../../shared/state/bridge-state.ts'
import { IDLE, type LinkState, type LinkStep, linkCause, type Outage } from '../../shared/state/link.ts'
import type { BackoffPolicy } from '../../shared/util/backoff.ts'
import type { Connection } from './connection.ts'
import { type Heartbeat, type HeartbeatTimings, startHeartbeat } from './heartbeat.ts'
import type { ExecOptions, ExecResult, ForwardTarget, ReverseListener, SshLink } from './link.ts'
import { ReconnectPauses } from './reconnect-pauses.ts'
import { RemoteHolder } from './remote-address.ts'
import { SupervisedListener } from './reverse-listener.ts'
import type { SessionMemory } from './session-memory.ts'

export interface LinkTimings {
  readonly backoff: BackoffPolicy
  /** A connection that lived this long was a success: the next failure starts with the shortest pause again. */
  readonly provenAfterMs: number
  /** Pause before a far address is asked for again that comes free by itself. */
  readonly listenRetryMs: number
  /** How long the last proofs before "connected" may take. */
  readonly verifyMs: number
}

export interface SupervisedLinkOptions {
  readonly place: string
  /** Makes one connection; rejects with an AppError. Called again after every loss. */
  readonly establish: (onStep: (step: LinkStep) => void, signal: AbortSignal) => Promise<Connection>
  /** How the connection that was just made is to be watched. */
  readonly heartbeat: () => HeartbeatTimings
  /** Further proof that the path works, such as an HTTP request through a channel. */
  readonly verify: ((link: SshLink) => Promise<void>) | undefined
  /** See {@link RemoteHolder}. */
  readonly sessions: SessionMemory | undefined
  readonly timings: LinkTimings
  readonly ambient: Ambient
  readonly log: Logger
}

/**
 * Keeps one connection alive from `start` to `close`. A single loop owns the connection, so there is never more
 * than one; `wake` cuts its pauses short.
 */
export class SupervisedLink implements SshLink {
  private readonly options: SupervisedLinkOptions
  private readonly stateListeners = new Set<(state: LinkState) => void>()
  private readonly reverseListeners = new Set<SupervisedListener>()
  private readonly holder: RemoteHolder
  private readonly pauses: ReconnectPauses
  private readonly stop = new AbortController()
  private current: LinkState = IDLE
  private connection: Connection | undefined
  private heartbeat: Heartbeat | undefined
  private loop: Promise<void> | undefined
  private wake: () => void = () => undefined
  /** Since when there is no connection, in ms since the epoch, and why; one outage spans many attempts. */
  private outage: Outage | undefined
  /** Ends the attempt under way. */
  private attempt = new AbortController()

  constructor(options: SupervisedLinkOptions) {
    this.options = options
    this.holder = new RemoteHolder(options)
    this.pauses = new ReconnectPauses(options.timings.backoff)
  }

  get state(): LinkState {
    return this.current
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.stateListeners.add(listener)
    return () => this.stateListeners.delete(listener)
  }

  start(): void {
    if (!this.stop.signal.aborted) this.loop ??= this.run()
  }

  retryNow(): void {
    if (this.connection !== undefined) {
      for (const listener of this.reverseListeners) {
        if (listener.state.phase === 'failed') listener.attach(this.connection)
      }
    }
    this.wake()
  }

  probe(): void {
    if (this.heartbeat !== undefined) this.heartbeat.probe()
    else if (this.current.phase === 'reconnecting') this.wake()
    else if (this.current.phase === 'connecting' && this.current.step === 'connecting') this.redial()
  }

  /** A SYN lost on the old network is repeated by the kernel only after seconds; a new one goes out at once. */
  private redial(): void {
    const { place } = this.options
    this.pauses.expectBack()
    this.attempt.abort(new AppError('ssh.unreachable', `Dialling ${place} anew: the network has changed.`))
  }

  async openChannel(target: ForwardTarget, signal?: AbortSignal): Promise<Duplex> {
    return this.need().openChannel(target, signal)
  }

  async exec(command: string, options?: ExecOptions): Promise<ExecResult> {
    return this.need().exec(command, options)
  }

  listen(address: ListenAddress, onChannel: (channel: Duplex) => void): ReverseListener {
    const { ambient, log, timings } = this.options
    const listener = new SupervisedListener({
      address,
      onChannel,
      holder: this.holder,
      ambient,
      log,
      retryMs: timings.listenRetryMs,
      onClosed: () => this.reverseListeners.delete(listener),
    })
    this.reverseListeners.add(listener)
    if (this.connection !== undefined) listener.attach(this.connection)
    return listener
  }

  async close(drainMs = 0): Promise<void> {
    const { connection } = this
    if (!this.stop.signal.aborted) {
      this.publish({ phase: 'closing' })
      if (drainMs > 0 && this.connection !== undefined) {
        await Promise.all([...this.reverseListeners].map((listener) => listener.close()))
        await this.connection.drained(drainMs)
      }
      this.stop.abort(
        new AppError('ssh.not-connected', `The connection to ${this.options.place} was closed.`),
      )
      this.wake()
    }
    await this.loop
    if (connection !== undefined) {
      await connection.ended
      this.holder.noteEnd(connection)
    }
    if (this.current.phase !== 'idle') this.publish(IDLE)
  }

  private async run(): Promise<void> {
    const { timings } = this.options
    const { signal } = this.stop
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const outcome = await this.liveOnce(attempt)
      if (signal.aborted) return
      if (outcome.livedMs >= timings.provenAfterMs) {
        attempt = 1
        this.pauses.startAnew()
      }
      if (this.attempt.signal.aborted) continue
      await this.pause(outcome.cause, attempt)
    }
  }

  /** One connection from the first packet to its end. */
  private async liveOnce(attempt: number): Promise<{ cause: AppError; livedMs: number }> {
    const { ambient, establish, log, place } = this.options
    const since = ambient.now()
    const onStep = (step: LinkStep) => {
      if (this.stop.signal.aborted) return
      const { outage } = this
      this.publish({ phase: 'connecting', step, attempt, since, ...(outage === undefined ? {} : { outage }) })
    }
    let upAt: number | undefined
    const livedMs = () => (upAt === undefined ? 0 : ambient.monotonicMs() - upAt)
    try {
      onStep('resolving')
      this.attempt = new AbortController()
      const connection = await establish(onStep, AbortSignal.any([this.stop.signal, this.attempt.signal]))
      const unbind = this.endWithLink(connection)
      try {
        await this.open(connection, onStep)
        upAt = ambient.monotonicMs()
        log.info({ place }, 'Connected')
        return { cause: await connection.ended, livedMs: livedMs() }
      } finally {
        unbind()
        this.leave(connection)
      }
    } catch (error) {
      return { cause: toAppError(error), livedMs: livedMs() }
    }
  }

  /** Brings listeners up and proves that bytes cross, before anybody is told "connected". */
  private async open(connection: Connection, onStep: (step: LinkStep) => void): Promise<void> {
    const { ambient, verify } = this.options
    onStep('opening')
    this.connection = connection
    this.heartbeat = startHeartbeat({
      connection,
      ambient,
      timings: this.options.heartbeat(),
      onRoundTrip: (roundTripMs) => this.noteRoundTrip(connection, roundTripMs),
    })
    for (const listener of this.reverseListeners) listener.attach(connection)
    void this.holder.remember(connection)
    onStep('verifying')
    const roundTripMs = await connection.roundTrip(ambient.monotonicMs)
    if (roundTripMs !== undefined && verify !== undefined) {
      await Promise.race([verify(this), connection.ended, this.verifyDeadline()])
    }
    if (!connection.isOpen) throw await connection.ended
    this.outage = undefined
    this.publish({ phase: 'connected', since: ambient.now(), roundTripMs })
  }

  private async verifyDeadline(): Promise<never> {
    const { place, timings } = this.options
    const expired = AbortSignal.timeout(timings.verifyMs)
    await once(expired, 'abort')
    throw new AppError(
      'ssh.peer-dead',
      `${place} is connected, but nothing came through the tunnel for ${timings.verifyMs / 1000} s.`,
    )
  }

  /** From the first moment on: bringing it up may take as long as a dead host needs to be noticed. */
  private endWithLink(connection: Connection): () => void {
    const { signal } = this.stop
    const onStop = () => connection.end(toAppError(signal.reason))
    signal.addEventListener('abort', onStop, { once: true })
    if (signal.aborted) onStop()
    return () => signal.removeEventListener('abort', onStop)
  }

  private leave(connection: Connection): void {
    this.heartbeat?.stop()
    this.heartbeat = undefined
    this.connection = undefined
    for (const listener of this.reverseListeners) listener.detach(connection)
    if (connection.isOpen)
      connection.end(new AppError('ssh.connection-lost', 'The connection was not usable.'))
  }

  /** Waits as long as the table of failures and the backoff say, or until somebody cuts it short. */
  private async pause(cause: AppError, attempt: number): Promise<void> {
    const { ambient, log, place } = this.options
    const failure = toFailure(cause)
    const now = ambient.now()
    const since = this.outage?.since ?? now
    this.outage = { since, cause: failure }
    const woken = new Promise<void>((resolve) => {
      this.wake = () => {
        this.pauses.expectBack()
        resolve()
      }
    })
    if (cause.recovery !== 'automatic') {
      log.warn({ place, code: cause.code }, cause.message)
      if (cause.code === 'internal.bug')
        log.error({ place, err: cause.cause }, 'Unexpected failure of a link')
      this.publish({ phase: 'failed', since: now, cause: failure })
      await woken
      this.wake = () => undefined
      return
    }
    const delayMs = this.pauses.nextMs(cause, { nowMs: ambient.monotonicMs(), random: ambient.random() })
    log.info({ place, code: cause.code, delayMs }, cause.message)
    this.publish({ phase: 'reconnecting', attempt, since, nextTryAt: now + delayMs, cause: failure })
    let timer: NodeJS.Timeout | undefined
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, delayMs)
    })
    await Promise.race([woken, elapsed])
    clearTimeout(timer)
    this.wake = () => undefined
  }

  private noteRoundTrip(connection: Connection, roundTripMs: number): void {
    if (this.connection !== connection || this.current.phase !== 'connected') return
    this.publish({ ...this.current, roundTripMs })
  }

  private need(): Connection {
    if (this.connection !== undefined) return this.connection
    const cause = linkCause(this.current)
    const why = cause === undefined ? '' : ` ${cause.message}`
    throw new AppError('ssh.not-connected', `There is no connection to ${this.options.place}.${why}`)
  }

  private publish(state: LinkState): void {
    // After "closing" only the end of it may follow.
    if (this.current.phase === 'closing' && state.phase !== 'idle') return
    this.current = state
    for (const listener of [...this.stateListeners]) listener(state)
  }
}
