import type { Logger } from '../../../node/log.ts'
import { AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { ErrorCode } from '../../../shared/errors/codes.ts'
import type { JsonObject } from '../../server/read-body.ts'
import type { Exchange } from '../../server/route.ts'
import { sendRefusal } from '../refusal.ts'
import type { Refused } from '../upstream.ts'
import { dialectOf, type Wire } from '../wires.ts'
import type { CoolDowns } from './cool-downs.ts'
import { rewriteModel } from './rewrite-model.ts'
import { type Candidate, fullName } from './routing.ts'

/** A request as the client sent it. */
export interface Asked {
  readonly exchange: Exchange
  readonly wire: Wire
  readonly body: Buffer
  readonly parsed: JsonObject
  readonly model: string
}

/** The client has no answer, not even the first byte of one. */
type Failure =
  | { readonly kind: 'refused'; readonly refused: Refused; readonly error: AppError }
  | { readonly kind: 'no-answer'; readonly error: AppError }

/**
 * Failures of the upstream and not of the request. A wrong request, a refused credential, a policy and a limit of
 * this relay are answers: nobody else is asked for a better one.
 *
 * None of these can come once the client has a byte.
 */
const WORTH_ANOTHER_TRY: ReadonlySet<ErrorCode> = new Set([
  'relay.upstream-unreachable',
  'relay.upstream-timeout',
  'relay.stream-stalled',
  'relay.github-unreachable',
  'upstream.rate-limited',
  'upstream.quota-exceeded',
  'upstream.overloaded',
  'ollama.busy',
])

export interface Fallback {
  readonly from: string
  readonly to: string
  readonly count: number
}

/** Asks one upstream after the other until one has an answer. Every attempt is counted for itself. */
export class Failover {
  private readonly coolDowns: CoolDowns
  private readonly log: Logger
  private readonly counts = new Map<string, Fallback>()

  constructor(coolDowns: CoolDowns, log: Logger) {
    this.coolDowns = coolDowns
    this.log = log
  }

  /**
   * Sees to it that the client gets exactly one answer.
   *
   * @param wanted what the client asked for. @param others who may answer in its place, in order.
   * @throws AppError when there is no answer to pass on.
   */
  async answer(asked: Asked, wanted: Candidate, others: readonly Candidate[]): Promise<void> {
    const failures = new Map<Candidate, Failure>()
    for (const candidate of this.inOrder([wanted, ...others])) {
      const given = candidate === wanted ? [] : [...new Set([wanted, ...failures.keys()])]
      if (given.length > 0) this.note(wanted, candidate, failures.get(wanted))
      label(asked.exchange, candidate, given)
      const failure = await this.attempt(asked, candidate)
      if (failure === undefined) {
        this.coolDowns.end(candidate)
        return
      }
      const isPassing = WORTH_ANOTHER_TRY.has(failure.error.code)
      if (!isPassing && candidate === wanted) return tell(asked, failure, [])
      // What a stand-in finds wrong is no answer to a request that was meant for another model.
      if (isPassing) this.coolDowns.begin(candidate, failure.error.code, retryAfterOf(failure))
      failures.set(candidate, failure)
    }
    const own = failures.get(wanted)
    failures.delete(wanted)
    label(asked.exchange, wanted, [])
    if (own !== undefined) tell(asked, own, [...failures])
  }

  /** How often who stood in for whom. */
  fallbacks(): readonly Fallback[] {
    return [...this.counts.values()]
  }

  /** What has just failed comes last: it is asked only when nothing else is left. */
  private inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
    const isCooling = (candidate: Candidate): boolean => this.coolDowns.isCooling(candidate)
    return [...candidates.filter((candidate) => !isCooling(candidate)), ...candidates.filter(isCooling)]
  }

  private async attempt(asked: Asked, { upstream, model }: Candidate): Promise<Failure | undefined> {
    const { exchange, wire, parsed } = asked
    const body = model === asked.model ? asked.body : rewriteModel(asked.body, model)
    try {
      const refused = await upstream.infer({ exchange, wire, model, body, parsed })
      return refused && { kind: 'refused', refused, error: refused.explanation }
    } catch (error) {
      exchange.signal.throwIfAborted()
      const known = toAppError(error)
      if (known.code === 'internal.bug') throw error
      return { kind: 'no-answer', error: known }
    }
  }

  private note(wanted: Candidate, to: Candidate, failure: Failure | undefined): void {
    const code = failure?.error.code ?? 'cooling down'
    this.log.warn({ from: fullName(wanted), to: fullName(to), code }, 'another upstream is asked instead')
    const key = `${wanted.upstream.id} ${to.upstream.id}`
    const count = (this.counts.get(key)?.count ?? 0) + 1
    this.counts.set(key, { from: wanted.upstream.id, to: to.upstream.id, count })
  }
}

/** Says who answers; the head of the answer is written by whoever passes it on. */
export function label({ response }: Exchange, by: Candidate, inPlaceOf: readonly Candidate[]): void {
  response.setHeader('x-relay-upstream', by.upstream.id)
  if (inPlaceOf.length === 0) response.removeHeader('x-relay-fallback-from')
  else response.setHeader('x-relay-fallback-from', inPlaceOf.map(headerName).join(', '))
}

/** Names of models come from clients, and a header holds no list of any length. */
function headerName(candidate: Candidate): string {
  return fullName(candidate)
    .slice(0, 120)
    .replace(/[^\x21-\x7e]|,/g, '?')
}

function retryAfterOf(failure: Failure): string | undefined {
  return failure.kind === 'refused' ? failure.refused.refusal.headers['retry-after'] : undefined
}

/** @throws AppError where there is no answer of an upstream to pass on. */
function tell(
  { exchange, wire }: Asked,
  failure: Failure,
  others: readonly (readonly [Candidate, Failure])[],
): void {
  const error = others.length === 0 ? failure.error : withOthers(failure.error, others)
  if (failure.kind === 'no-answer') throw error
  sendRefusal(exchange.response, dialectOf(wire), failure.refused.refusal, error)
}

function withOthers(error: AppError, others: readonly (readonly [Candidate, Failure])[]): AppError {
  const reasons = others.map(([candidate, { error: own }]) => `${fullName(candidate)}: ${own.message}`)
  const { code, message, remedy } = error
  return new AppError(code, `${message} Nor could the fallbacks answer. ${reasons.join(' ')}`, {
    cause: error,
    remedy,
  })
}
