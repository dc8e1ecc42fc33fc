import type { Duplex } from 'node:stream'
import type { Ambient } from '../../../node/ambient.ts'
import type { Logger } from '../../../node/log.ts'
import { OpenStreams } from '../../../node/open-streams.ts'
import { collectLess } from '../../../node/tunnel/collect-less.ts'
import { AGENT_KEEPALIVE, type KeepaliveTimings } from '../../../node/tunnel/keepalive.ts'
import type { TlsSources } from '../../../node/tunnel/tls-material.ts'
import { AppError, toAppError, toFailure } from '../../../shared/errors/app-error.ts'
import type { TunnelProtocol, TunnelState } from '../../../shared/state/egress.ts'
import type { Outage } from '../../../shared/state/link.ts'
import { type BackoffPolicy, backoffDelayMs, RECONNECT_BACKOFF } from '../../../shared/util/backoff.ts'
import type { Egress, EgressTarget } from '../egress.ts'
import { AgentMaterial } from './agent-material.ts'
import { Breakers } from './breakers.ts'
import { openSession } from './open-session.ts'
import { OpenSessions } from './open-sessions.ts'
import { NotProcessed, orAborted, placeOf, type TunnelSession } from './tunnel-session.ts'

/** What a connection begins with; a change needs a new one. */
export interface SessionTerms {
  /** The name (DNS or URI) that its certificate has to have, whatever its address. */
  readonly serverName: string
  /** Paths of PEM files, read anew for each attempt. */
  readonly tls: TlsSources
  readonly protocol: TunnelProtocol
}

export interface MtlsEgressOptions extends SessionTerms {
  /** Asked before each attempt, as the address may change; may start the server first. */
  readonly server: () => Promise<EgressTarget>
  readonly ambient: Ambient
  readonly log: Logger
  /** Gets `connecting`, `connected`, `reconnecting` and `failed`. */
  readonly onState: (state: TunnelState) => void
  /** Gets when the certificate of this agent ends, in milliseconds since the Unix epoch, once its files were read. */
  readonly onCertificate?: (endsAt: number) => void
  /** Whether a lost connection is made again although nobody asks; always unless told. */
  readonly mayReconnect?: () => boolean
  readonly backoff?: BackoffPolicy
  readonly keepalive?: KeepaliveTimings
  readonly connectTimeoutMs?: number
  /** How often files that may have changed are looked at while it is connected; 2.5 s unless told. */
  readonly lookMs?: number
  /** How long a destination is left alone after too many failures. */
  readonly breakerPauseMs?: number
}

export interface MtlsEgress extends Egress {
  readonly name: 'mtls'
  /** Connects without waiting for the first stream. Idempotent. */
  start(): void
  /** Tries again at once, where it waits for its next attempt. */
  retryNow(): void
  /** From now on connects on these terms. The connection of before keeps its streams for `leaveMs` at most. */
  use(terms: SessionTerms, leaveMs: number): void
  /** @throws AppError `certs.*` where it could not show who it is. */
  checkCertificates(): Promise<void>
}

export function createMtlsEgress(options: MtlsEgressOptions): MtlsEgress {
  collectLess()
  return new SupervisedTunnel(options)
}

/** A connection that lived this long was a success: the next failure begins with the shortest pause. */
const PROVEN_MS = 10_000
/** A request cuts a pause short, but not more often than this. */
const LEAST_PAUSE_MS = 500
const CONNECT_MS = 10_000
/** Why a connection takes no new streams although nothing is wrong with it. */
const NEW_TERMS = Symbol('new terms')

/**
 * Keeps one tunnel from the first request to `close`. A single loop owns the session, so there is never more than one
 * that takes new streams; one that the server retires keeps its streams until they end.
 */
class SupervisedTunnel implements MtlsEgress {
  readonly name = 'mtls'
  private readonly options: MtlsEgressOptions
  private readonly breakers: Breakers
  private readonly streams = new OpenStreams()
  private readonly sessions: OpenSessions
  private readonly stop = new AbortController()
  private waiters: PromiseWithResolvers<TunnelSession>[] = []
  private session: TunnelSession | undefined
  private loop: Promise<void> | undefined
  private pausedSince: { readonly ms: number; readonly cause: AppError } | undefined
  private wake: () => void = () => undefined
  /** From the first failure until it is connected again. */
  private outage: Outage | undefined
  private closing: Promise<void> | undefined
  private terms: SessionTerms
  private changed = Promise.withResolvers<typeof NEW_TERMS>()
  private readonly material: AgentMaterial

  constructor(options: MtlsEgressOptions) {
    this.options = options
    this.terms = options
    this.breakers = new Breakers(options.breakerPauseMs)
    const { ambient, log, lookMs, onCertificate } = options
    this.material = new AgentMaterial({ ambient, log, onEnd: onCertificate })
    this.sessions = new OpenSessions({ tls: () => this.terms.tls, log, lookMs })
  }

  start(): void {
    if (this.closing === undefined) this.loop ??= this.run()
  }

  retryNow(): void {
    this.wake()
  }

  use(terms: SessionTerms, leaveMs: number): void {
    this.terms = terms
    this.session = undefined
    this.changed.resolve(NEW_TERMS)
    this.changed = Promise.withResolvers()
    this.wake()
    this.sessions.cutWithin(leaveMs)
  }

  async checkCertificates(): Promise<void> {
    await this.material.read(this.terms.tls)
  }

  async connect(target: EgressTarget, signal: AbortSignal): Promise<Duplex> {
    if (signal.aborted) throw signal.reason
    return await this.breakers.run(placeOf(target), () => this.open(target, signal))
  }

  close(drainMs: number): Promise<void> {
    void this.streams.drain(drainMs)
    this.closing ??= this.drain(drainMs)
    return this.closing
  }

  private async open(target: EgressTarget, signal: AbortSignal): Promise<Duplex> {
    try {
      return await this.openOnce(target, signal)
    } catch (error) {
      if (!(error instanceof NotProcessed)) throw error
      try {
        return await this.openOnce(target, signal)
      } catch (second) {
        throw second instanceof NotProcessed ? second.cause : second
      }
    }
  }

  private async openOnce(target: EgressTarget, signal: AbortSignal): Promise<Duplex> {
    const session = await orAborted(this.usableSession(), signal, () => undefined)
    // A connection may last for weeks.
    this.material.warnOfEnd()
    const stream = await session.open(target, signal).catch((error: unknown) => {
      throw withRemedyThere(error)
    })
    if (this.stop.signal.aborted) {
      stream.on('error', () => undefined).destroy()
      throw closed()
    }
    return this.streams.add(stream)
  }

  private usableSession(): Promise<TunnelSession> {
    if (this.closing !== undefined) return Promise.reject(closed())
    if (this.session?.isUsable === true) return Promise.resolve(this.session)
    const { ambient, mayReconnect = () => true } = this.options
    const { pausedSince } = this
    if (pausedSince !== undefined) {
      // Where nobody reconnects unasked the server sleeps, and the first request has to wake it, however soon it comes.
      const isShort = ambient.monotonicMs() - pausedSince.ms < LEAST_PAUSE_MS
      if (isShort && mayReconnect()) return Promise.reject(pausedSince.cause)
      this.wake()
    }
    const waiter = Promise.withResolvers<TunnelSession>()
    this.waiters.push(waiter)
    this.start()
    return waiter.promise
  }

  private async run(): Promise<void> {
    const { ambient } = this.options
    let attempt = 0
    while (!this.stop.signal.aborted) {
      attempt += 1
      const { cause, livedMs } = await this.liveOnce()
      if (this.stop.signal.aborted) return
      if (cause === NEW_TERMS) {
        attempt = 0
        continue
      }
      if (livedMs >= PROVEN_MS) attempt = 1
      this.options.log.info({ code: cause.code, attempt }, cause.message)
      this.pausedSince = { ms: ambient.monotonicMs(), cause }
      for (const waiter of this.takeWaiters()) waiter.reject(cause)
      await this.pause(cause, attempt)
      this.pausedSince = undefined
    }
  }

  /** From dialling until the connection takes no new streams. */
  private async liveOnce(): Promise<{
    readonly cause: AppError | typeof NEW_TERMS
    readonly livedMs: number
  }> {
    const { ambient } = this.options
    const changed = this.changed.promise
    let connectedAt: number | undefined
    const livedMs = (): number => (connectedAt === undefined ? 0 : ambient.monotonicMs() - connectedAt)
    try {
      const session = await this.establish()
      if (this.changed.promise !== changed) {
        session.drain()
        return { cause: NEW_TERMS, livedMs: 0 }
      }
      connectedAt = ambient.monotonicMs()
      this.session = session
      for (const waiter of this.takeWaiters()) waiter.resolve(session)
      const cause = await Promise.race([session.retired, changed])
      session.drain()
      return { cause, livedMs: livedMs() }
    } catch (error) {
      // What failed is of no interest any more.
      if (this.changed.promise !== changed) return { cause: NEW_TERMS, livedMs: 0 }
      return { cause: toAppError(error), livedMs: livedMs() }
    } finally {
      this.session = undefined
    }
  }

  private async establish(): Promise<TunnelSession> {
    const { ambient, connectTimeoutMs = CONNECT_MS, keepalive = AGENT_KEEPALIVE, log, onState } = this.options
    const { signal } = this.stop
    const server = await orAborted(this.options.server(), signal, () => undefined)
    const place = placeOf(server)
    const { outage } = this
    onState({
      phase: 'connecting',
      since: ambient.now(),
      server: place,
      ...(outage === undefined ? {} : { outage }),
    })
    const { protocol, serverName } = this.terms
    const material = await this.material.read(this.terms.tls)
    const terms = { server, serverName, material, protocol, timeoutMs: connectTimeoutMs, keepalive, log }
    const { session, certificate } = await openSession(terms, signal)
    this.sessions.add(session, certificate)
    // Said only after an answer has come back through it.
    const roundTripMs = await session.roundTrip()
    if (!session.isUsable) {
      session.destroy()
      throw await session.retired
    }
    const running = undefined
    this.outage = undefined
    const facts = { server: place, protocol, roundTripMs, running }
    onState({ phase: 'connected', since: ambient.now(), ...facts })
    return session
  }

  /** Until the next attempt; until somebody asks, where only a person can help or nobody needs it. */
  private async pause(cause: AppError, attempt: number): Promise<void> {
    const { ambient, backoff = RECONNECT_BACKOFF, mayReconnect = () => true, onState } = this.options
    const now = ambient.now()
    const since = this.outage?.since ?? now
    this.outage = { since, cause: toFailure(cause) }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.wake = resolve
    if (cause.recovery !== 'automatic') {
      onState({ phase: 'failed', since, cause: toFailure(cause) })
      await promise
    } else if (mayReconnect()) {
      const delayMs = backoffDelayMs(backoff, attempt, ambient.random())
      const nextTryAt = now + delayMs
      onState({ phase: 'reconnecting', since, attempt, nextTryAt, cause: toFailure(cause) })
      const timer = setTimeout(resolve, delayMs)
      await promise
      clearTimeout(timer)
    } else await promise
    this.wake = () => undefined
  }

  private takeWaiters(): PromiseWithResolvers<TunnelSession>[] {
    const { waiters } = this
    this.waiters = []
    return waiters
  }

  private async drain(drainMs: number): Promise<void> {
    for (const waiter of this.takeWaiters()) waiter.reject(closed())
    await this.streams.drain(drainMs)
    this.stop.abort(closed())
    this.wake()
    await this.sessions.close()
    await this.loop
  }
}

function closed(): AppError {
  return new AppError('tunnel.down', 'The tunnel is being closed.')
}

/** Our own settings do not help against what the server refuses. */
function withRemedyThere(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'egress.denied') return error
  const remedy =
    'If it is a machine of your own, allow its address or network in "allow_private" of the tunnel server.'
  return new AppError('egress.denied', error.message, { cause: error, remedy })
}
