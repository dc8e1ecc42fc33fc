import { randomUUID } from 'node:crypto'
import type { Dispatcher } from 'undici'
import type { Logger } from '../../../node/log.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { CopilotAccount } from '../../auth/copilot-account.ts'
import type { RelaySettings } from '../../config/relay-settings.ts'
import { upstreamHeaders } from '../../server/message-headers.ts'
import type { UsageRecorder } from '../../usage/recorder.ts'
import { forward, type Refusal } from '../forward.ts'
import { refusalError, refusalText } from '../refusal.ts'
import {
  type InferenceCall,
  type ModelList,
  type Refused,
  recorded,
  type Upstream,
  wrongEndpoint,
} from '../upstream.ts'
import { copilotPath, dialectOf, type Wire } from '../wires.ts'
import type { CopilotModels } from './copilot-models.ts'
import { hasImage, initiatorOf } from './initiator.ts'

export interface CopilotDependencies {
  readonly account: CopilotAccount
  readonly models: CopilotModels
  readonly dispatcher: Dispatcher
  readonly recorder: UsageRecorder
  readonly settings: RelaySettings
  readonly log: Logger
}

const WIRES_OF_COPILOT: readonly Wire[] = ['chat', 'responses', 'messages', 'embeddings']

/** Client headers that mean something to Copilot. */
const PASSED_ON = [
  'accept',
  'anthropic-beta',
  'anthropic-version',
  'copilot-vision-request',
  'x-interaction-id',
  'x-interaction-type',
  'x-agent-task-id',
]

export class CopilotUpstream implements Upstream {
  readonly id = 'copilot'
  readonly name = 'Copilot'
  private readonly deps: CopilotDependencies

  constructor(deps: CopilotDependencies) {
    this.deps = deps
  }

  get problem(): AppError | undefined {
    const { state } = this.deps.account
    if (state.kind === 'signed-in') return undefined
    return state.cause ?? new AppError('relay.signed-out', 'The relay is not signed in to Copilot.')
  }

  wiresOf(model: string): readonly Wire[] {
    const endpoints = this.deps.models.endpointsOf(model)
    if (endpoints === undefined) return WIRES_OF_COPILOT
    return WIRES_OF_COPILOT.filter((wire) => endpoints.includes(copilotPath(wire)))
  }

  async models(): Promise<ModelList> {
    return await this.deps.models.list()
  }

  async infer(call: InferenceCall): Promise<Refused | undefined> {
    const { exchange, wire, model, body, parsed } = call
    const { account, models, dispatcher, recorder, settings } = this.deps
    // Known for the next request, if not for this one.
    if (models.endpointsOf(model) === undefined) models.warmUp()
    const { request, signal } = exchange
    const initiator = initiatorOf(request.headers, parsed)
    const headers = {
      'content-type': 'application/json',
      ...upstreamHeaders(request.headers, PASSED_ON),
      ...(hasImage(parsed) ? { 'copilot-vision-request': 'true' } : {}),
      'x-initiator': initiator,
      'x-request-id': randomUUID(),
    }
    let session = await account.getSession()
    signal.throwIfAborted()
    const stream = parsed.stream === true
    const facts = {
      upstream: this.id,
      endpoint: copilotPath(wire),
      model,
      stream,
      initiator,
    }
    const refusal = await recorded(recorder, exchange, facts, async (record) => {
      const send = (): Promise<Refusal | undefined> =>
        forward({
          dispatcher,
          upstreamName: this.name,
          baseUrl: session.apiUrl,
          path: `${copilotPath(wire)}${exchange.url.search}`,
          method: 'POST',
          headers: { ...session.headers, ...headers, authorization: `Bearer ${session.token}` },
          body,
          dialect: dialectOf(wire),
          stream,
          limits: settings.limits,
          exchange,
          record,
        })
      const first = await send()
      if (first?.status !== 401) return first
      session = await account.getSession(session.token)
      return await send()
    })
    if (refusal === undefined) return undefined
    const explanation = await this.explain(wire, model, refusal)
    this.deps.log.info({ status: refusal.status, code: explanation.code, model }, 'Copilot refused a request')
    return { refusal, explanation }
  }

  private async explain(wire: Wire, model: string, refusal: Refusal): Promise<AppError> {
    const general = refusalError(this.name, refusal)
    if (refusal.status !== 400) return general
    const text = refusal.body.toString()
    if (text.includes('unsupported_api_for_model')) {
      await this.deps.models.body().catch(() => undefined) // Without the list the general words have to do.
      const supported = this.wiresOf(model)
      if (!supported.includes(wire)) return wrongEndpoint(model, wire, supported)
    }
    const remedy = remedyFor(text, refusalText(refusal))
    return remedy === undefined ? general : new AppError(general.code, general.message, { remedy })
  }
}

function remedyFor(body: string, text: string): string | undefined {
  if (body.includes('model_not_supported') || /model is not supported/i.test(text))
    return 'See /v1/models for what this account may use; the client identity and the plan decide about it.'
  if (text.includes('max_completion_tokens')) return 'Send max_completion_tokens instead of max_tokens.'
  if (/prompt token count/i.test(text)) return 'Shorten the conversation; see context_length in /v1/models.'
  return undefined
}
