import type { Socket } from 'node:net'
import { AppError } from '../../shared/errors/app-error.ts'
import type { AddressPolicy } from './address-policy.ts'
import { type CheckedAddress, checkedAddresses } from './checked-addresses.ts'
import { parseHost } from './host.ts'
import type { Lookup } from './lookups.ts'
import { ConnectRace, type RaceOutcome } from './race-connect.ts'

export interface DialOptions {
  readonly policy: AddressPolicy
  /** The resolver of the system unless told. */
  readonly lookup?: Lookup
  /** A last word about an address that the policy lets through: a reason not to go there, or undefined. */
  readonly objection?: (address: CheckedAddress, port: number) => AppError | undefined
  /** For the name and the connection together; 10 s unless told. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000

export interface DialTarget {
  readonly host: string
  readonly port: number
}

/**
 * Looks a host up, asks the policy about every address, and connects to one that it lets through, without looking up
 * again. The socket keeps half-close and is not yet read.
 *
 * @param signals each of them calls it off.
 * @throws AppError `egress.denied`, `egress.dns-failed`, `egress.refused`, `egress.unreachable`, `egress.timeout`, and
 * those of `objection`; the reason of the signal.
 */
export function dial(
  target: DialTarget,
  options: DialOptions,
  ...signals: readonly AbortSignal[]
): Promise<Socket> {
  return new Promise((resolve, reject) => new Dialing(target, options, signals, { resolve, reject }).start())
}

/** One call of `dial`. It listens to the signals itself: one of its own to hand on costs as much as all the rest. */
class Dialing implements RaceOutcome {
  private readonly target: DialTarget
  private readonly options: DialOptions
  private readonly signals: readonly AbortSignal[]
  private readonly promise: Pick<PromiseWithResolvers<Socket>, 'resolve' | 'reject'>
  private timer: NodeJS.Timeout | undefined
  private lookup: AbortController | undefined
  private race: ConnectRace | undefined
  private isOver = false

  constructor(
    target: DialTarget,
    options: DialOptions,
    signals: readonly AbortSignal[],
    promise: Dialing['promise'],
  ) {
    this.target = target
    this.options = options
    this.signals = signals
    this.promise = promise
  }

  start(): void {
    for (const signal of this.signals) signal.addEventListener('abort', this)
    this.timer = setTimeout(() => this.onTimeout(), this.timeoutMs)
    this.handleEvent()
    if (!this.isOver) this.find()
  }

  /** One of the signals has fired. */
  handleEvent(): void {
    const fired = this.signals.find(({ aborted }) => aborted)
    if (fired !== undefined) this.giveUp(fired.reason)
  }

  onConnected(socket: Socket): void {
    this.settle()
    this.promise.resolve(socket)
  }

  onFailed(error: unknown): void {
    this.giveUp(failureOf(error, this.target))
  }

  private get timeoutMs(): number {
    return this.options.timeoutMs ?? TIMEOUT_MS
  }

  private onTimeout(): void {
    const text = `${placeOf(this.target)} did not answer within ${this.timeoutMs / 1000} s.`
    this.giveUp(new AppError('egress.timeout', text))
  }

  private find(): void {
    const { host } = this.target
    const { lookup, policy } = this.options
    try {
      // An address needs none, and is there at once.
      if (parseHost(host).kind === 'name') this.lookup = new AbortController()
      const found = checkedAddresses(host, policy, lookup, this.lookup?.signal)
      if (!(found instanceof Promise)) this.connect(found)
      else
        found.then(
          (addresses) => this.connect(addresses),
          (error: unknown) => this.onFailed(error),
        )
    } catch (error) {
      this.onFailed(error)
    }
  }

  private connect(addresses: readonly CheckedAddress[]): void {
    // A look-up cannot always be called off; its answer comes to nobody then.
    if (this.isOver) return
    const { port } = this.target
    try {
      this.race = new ConnectRace(withoutObjection(addresses, port, this.options), port, this)
      this.race.start()
    } catch (error) {
      this.onFailed(error)
    }
  }

  private giveUp(reason: unknown): void {
    if (this.isOver) return
    this.settle()
    this.lookup?.abort(reason)
    this.race?.cancel()
    this.promise.reject(reason)
  }

  private settle(): void {
    this.isOver = true
    clearTimeout(this.timer)
    for (const signal of this.signals) signal.removeEventListener('abort', this)
  }
}

function withoutObjection(
  addresses: readonly CheckedAddress[],
  port: number,
  { objection }: DialOptions,
): readonly CheckedAddress[] {
  if (objection === undefined) return addresses
  const objections = addresses.map((address) => objection(address, port))
  const kept = addresses.filter((_, index) => objections[index] === undefined)
  const reason = objections.find((found) => found !== undefined)
  if (kept.length === 0 && reason !== undefined) throw reason
  return kept
}

function failureOf(error: unknown, target: DialTarget): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error
  const place = placeOf(target)
  const options = { cause: error }
  const code = (error as NodeJS.ErrnoException).code ?? error.message
  if (code === 'ECONNREFUSED')
    return new AppError('egress.refused', `${place} refused the connection.`, options)
  if (code === 'ETIMEDOUT') return new AppError('egress.timeout', `${place} did not answer.`, options)
  return new AppError('egress.unreachable', `${place} cannot be reached (${code}).`, options)
}

function placeOf({ host, port }: DialTarget): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}
