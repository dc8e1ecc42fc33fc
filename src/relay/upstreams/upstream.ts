import { AppError } from '../../shared/errors/app-error.ts'
import type { JsonObject } from '../server/read-body.ts'
import { requestIdOf } from '../server/request-id.ts'
import type { Exchange } from '../server/route.ts'
import type { RequestFacts, RequestRecord, UsageRecorder } from '../usage/recorder.ts'
import type { Refusal } from './forward.ts'
import { isText, pathOf, type Wire } from './wires.ts'

/** An upstream as the routes below `/v1` see it: Copilot, OpenRouter, or a provider from config.json. */
export interface Upstream {
  /** Stands before its models (`ID/model`), in usage, headers and metrics. */
  readonly id: string
  /** For messages: "Copilot". */
  readonly name: string
  /** Why it cannot be asked, as far as that is known without asking. */
  readonly problem: AppError | undefined
  /** Wires on which a model can be called, as far as that is known right now. */
  wiresOf(model: string): readonly Wire[]
  /**
   * Sends one request and counts it.
   *
   * @returns the refusal when the upstream answered with an error; `undefined` when the client has its answer, also
   *   one that failed half-way.
   * @throws AppError when there was no answer at all.
   */
  infer(call: InferenceCall): Promise<Refused | undefined>
  /** Its models without a prefix; may come from a cache. @throws AppError */
  models(): Promise<ModelList>
}

export interface InferenceCall {
  readonly exchange: Exchange
  readonly wire: Wire
  /** As the upstream knows it. */
  readonly model: string
  /** The client's bytes; only the name of the model may be another one. */
  readonly body: Buffer
  /** The same, to look into; its `model` may still be the one that the client wrote. */
  readonly parsed: JsonObject
}

export interface Refused {
  readonly refusal: Refusal
  readonly explanation: AppError
}

/** An entry of a model list, in the form that OpenAI, Anthropic and OpenRouter clients understand at once. */
export interface ListedModel {
  readonly id: string
  readonly [field: string]: unknown
}

export interface ModelList {
  readonly models: readonly ListedModel[]
  readonly ageMs: number
}

/** Counts the request of a client exactly once, whichever way `send` ends. */
export async function recorded(
  recorder: UsageRecorder,
  { client, response, signal }: Exchange,
  facts: Omit<RequestFacts, 'client' | 'requestId'>,
  send: (record: RequestRecord) => Promise<Refusal | undefined>,
): Promise<Refusal | undefined> {
  const record = recorder.begin({ ...facts, client: client.name, requestId: requestIdOf(response) })
  try {
    const refusal = await send(record)
    if (refusal !== undefined) {
      record.onResponse(refusal.status, refusal.headers)
      record.finish('failed')
    }
    return refusal
  } finally {
    // For every way out that has not said how it went.
    record.finish(signal.aborted ? 'cancelled' : 'failed')
  }
}

/** @param base what stands before the path of a wire for the client, such as `/v1`. */
export function wrongEndpoint(
  model: string,
  called: Wire,
  available: readonly Wire[],
  base = '/v1',
): AppError {
  // Whoever wants text has no use for the address of embeddings.
  const alike = available.filter((wire) => isText(wire) === isText(called))
  const working = alike.map((wire) => `${base}${pathOf(wire)}`)
  const remedy = working.length === 0 ? 'Choose another model.' : `Call it on ${working.join(' or ')}.`
  const path = `${base}${pathOf(called)}`
  return new AppError('relay.wrong-endpoint', `${model.slice(0, 120)} cannot be called on ${path}.`, {
    remedy,
  })
}
