import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { ErrorCode } from '../../../shared/errors/codes.ts'

/** Failures of the host itself. That it may not be reached, or that nobody waits any more, says nothing about it. */
const COUNTED: ReadonlySet<ErrorCode> = new Set([
  'egress.dns-failed',
  'egress.refused',
  'egress.timeout',
  'egress.unreachable',
])
const FAILURES = 5
const PAUSE_MS = 30_000
const MAX_DESTINATIONS = 1_000

/**
 * One circuit breaker for each destination: after five failures in a row it is left alone for half a minute, then one
 * connection tries for all, and the next one where that one says nothing about the host. A destination that answers is
 * forgotten.
 */
export class Breakers {
  private readonly breakers = new Map<string, CircuitBreakerPolicy>()
  private readonly pauseMs: number

  constructor(pauseMs = PAUSE_MS) {
    this.pauseMs = pauseMs
  }

  /** @throws AppError `egress.unavailable` while a destination is left alone; whatever `work` throws. */
  async run<T>(destination: string, work: () => Promise<T>): Promise<T> {
    const breaker = this.breakerOf(destination)
    try {
      const result = await breaker.execute(() => this.attempt(destination, breaker, work))
      if (this.breakers.get(destination) === breaker) this.breakers.delete(destination)
      return result
    } catch (error) {
      if (!isBrokenCircuitError(error)) throw error
      const message = `The last ${FAILURES} connections to ${destination} failed, so it is left alone for a moment.`
      throw new AppError('egress.unavailable', message, { cause: error })
    }
  }

  private async attempt<T>(
    destination: string,
    breaker: CircuitBreakerPolicy,
    work: () => Promise<T>,
  ): Promise<T> {
    // It waited for a try that decided nothing, so there is a new breaker to ask.
    if (this.breakers.get(destination) !== breaker) return this.run(destination, work)
    const isTry = breaker.state === CircuitState.HalfOpen
    try {
      return await work()
    } catch (error) {
      const isUndecided = isTry && breaker.state === CircuitState.HalfOpen && !isCounted(error)
      if (isUndecided && this.breakers.get(destination) === breaker)
        // To cockatiel a failure that does not count is a success. What it saves of a try is that the pause is over.
        this.breakers.set(destination, this.newBreaker(breaker.toJSON()))
      throw error
    }
  }

  private breakerOf(destination: string): CircuitBreakerPolicy {
    const known = this.breakers.get(destination)
    if (known !== undefined) return known
    const breaker = this.newBreaker()
    this.breakers.set(destination, breaker)
    const [oldest] = this.breakers.keys()
    if (this.breakers.size > MAX_DESTINATIONS && oldest !== undefined) this.breakers.delete(oldest)
    return breaker
  }

  /** @param initialState of another, saved; closed unless told. */
  private newBreaker(initialState?: unknown): CircuitBreakerPolicy {
    return circuitBreaker(handleWhen(isCounted), {
      halfOpenAfter: this.pauseMs,
      breaker: new ConsecutiveBreaker(FAILURES),
      initialState,
    })
  }
}

function isCounted(error: unknown): boolean {
  return error instanceof AppError && COUNTED.has(error.code)
}
