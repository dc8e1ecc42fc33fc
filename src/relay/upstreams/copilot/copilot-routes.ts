import { randomUUID } from 'node:crypto'
import type { Dispatcher } from 'undici'
import type { Logger } from '../../../node/log.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { CopilotAccount } from '../../auth/copilot-account.ts'
import type { RelaySettings } from '../../config/relay-settings.ts'
import { type Dialect, sendJson } from '../../server/error-response.ts'
import { upstreamHeaders } from '../../server/message-headers.ts'
import { type JsonObject, parseObject, readBody } from '../../server/read-body.ts'
import { requestIdOf } from '../../server/request-id.ts'
import type { Exchange, Route } from '../../server/route.ts'
import type { RequestRecord, UsageRecorder } from '../../usage/recorder.ts'
import { forward, type Refusal } from '../forward.ts'
import { refusalError, refusalText, sendRefusal } from '../refusal.ts'
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

interface Endpoint {
  /** Path at Copilot, which has no `/v1` except for the Messages API. */
  readonly path: string
  /** Under which it is told to clients. */
  readonly clientPath: string
  readonly dialect: Dialect
}

const ENDPOINTS: readonly Endpoint[] = [
  { path: '/chat/completions', clientPath: '/v1/chat/completions', dialect: 'chat' },
  { path: '/responses', clientPath: '/v1/responses', dialect: 'responses' },
  { path: '/v1/messages', clientPath: '/v1/messages', dialect: 'messages' },
  { path: '/embeddings', clientPath: '/v1/embeddings', dialect: 'chat' },
]

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

/** Routes below `/v1`, and the same without that prefix, which some clients leave out. */
export function copilotRoutes(dependencies: CopilotDependencies): Route[] {
  const inference = ENDPOINTS.flatMap((endpoint): Route[] => {
    const handle = (exchange: Exchange): Promise<void> => infer(dependencies, endpoint, exchange)
    const paths = new Set([endpoint.clientPath, endpoint.path])
    return [...paths].map((path) => ({ method: 'POST', path, access: 'client', handle }))
  })
  const listModels = async ({ response }: Exchange): Promise<void> =>
    sendJson(response, 200, await dependencies.models.list())
  return [
    ...inference,
    { method: 'GET', path: '/v1/models', access: 'client', handle: listModels },
    { method: 'GET', path: '/models', access: 'client', handle: listModels },
    {
      method: 'GET',
      path: '/v1/models/*',
      access: 'client',
      handle: (x) => showModel(dependencies.models, x),
    },
    { method: 'POST', path: '/v1/messages/count_tokens', access: 'client', handle: refuseCount },
  ]
}

async function infer(deps: CopilotDependencies, endpoint: Endpoint, exchange: Exchange): Promise<void> {
  const { request, response, signal } = exchange
  const body = await readBody(request, response, deps.settings.maxBodyBytes)
  const parsed = parseObject(body)
  const model = typeof parsed.model === 'string' ? parsed.model : ''
  checkEndpoint(deps.models, endpoint, model)
  const initiator = initiatorOf(request.headers, parsed)
  const headers = {
    'content-type': 'application/json',
    ...upstreamHeaders(request.headers, PASSED_ON),
    ...(hasImage(parsed) ? { 'copilot-vision-request': 'true' } : {}),
    'x-initiator': initiator,
    'x-request-id': randomUUID(),
  }
  let session = await deps.account.getSession()
  signal.throwIfAborted()
  const stream = parsed.stream === true
  const record = deps.recorder.begin({
    upstream: 'copilot',
    endpoint: endpoint.path,
    model,
    client: exchange.client.name,
    stream,
    initiator,
    requestId: requestIdOf(response),
  })
  const send = (): Promise<Refusal | undefined> =>
    forward({
      dispatcher: deps.dispatcher,
      upstreamName: 'Copilot',
      baseUrl: session.apiUrl,
      path: `${endpoint.path}${exchange.url.search}`,
      method: 'POST',
      headers: { ...session.headers, ...headers, authorization: `Bearer ${session.token}` },
      body,
      dialect: endpoint.dialect,
      stream,
      limits: deps.settings.limits,
      exchange,
      record,
    })
  try {
    let refusal = await send()
    if (refusal?.status === 401) {
      session = await deps.account.getSession(session.token)
      refusal = await send()
    }
    if (refusal !== undefined) await refuse(deps, endpoint, exchange, model, refusal, record)
  } finally {
    // For every way out that has not said how it went.
    record.finish(signal.aborted ? 'cancelled' : 'failed')
  }
}

function checkEndpoint(models: CopilotModels, endpoint: Endpoint, model: string): void {
  const supported = models.endpointsOf(model)
  if (supported === undefined) {
    models.warmUp()
    return
  }
  if (!supported.includes(endpoint.path)) throw wrongEndpoint(endpoint, model, supported)
}

function wrongEndpoint(endpoint: Endpoint, model: string, supported: readonly string[]): AppError {
  const working = ENDPOINTS.filter(({ path }) => supported.includes(path)).map(({ clientPath }) => clientPath)
  const remedy = working.length === 0 ? 'Choose another model.' : `Call it on ${working.join(' or ')}.`
  return new AppError('relay.wrong-endpoint', `${model} cannot be called on ${endpoint.clientPath}.`, {
    remedy,
  })
}

async function refuse(
  deps: CopilotDependencies,
  endpoint: Endpoint,
  { response }: Exchange,
  model: string,
  refusal: Refusal,
  record: RequestRecord,
): Promise<void> {
  record.onResponse(refusal.status, refusal.headers)
  record.finish('failed')
  const explanation = await explainRefusal(deps.models, endpoint, model, refusal)
  deps.log.info({ status: refusal.status, code: explanation.code, model }, 'Copilot refused a request')
  sendRefusal(response, endpoint.dialect, refusal, explanation)
}

async function explainRefusal(
  models: CopilotModels,
  endpoint: Endpoint,
  model: string,
  refusal: Refusal,
): Promise<AppError> {
  const general = refusalError('Copilot', refusal)
  if (refusal.status !== 400) return general
  const text = refusal.body.toString()
  if (text.includes('unsupported_api_for_model')) {
    await models.body().catch(() => undefined) // Without the list the general words have to do.
    const supported = models.endpointsOf(model)
    if (supported !== undefined && !supported.includes(endpoint.path))
      return wrongEndpoint(endpoint, model, supported)
  }
  const remedy = remedyFor(text, refusalText(refusal))
  return remedy === undefined ? general : new AppError(general.code, general.message, { remedy })
}

function remedyFor(body: string, text: string): string | undefined {
  if (body.includes('model_not_supported') || /model is not supported/i.test(text))
    return 'See /v1/models for what this account may use; the client identity and the plan decide about it.'
  if (text.includes('max_completion_tokens')) return 'Send max_completion_tokens instead of max_tokens.'
  if (/prompt token count/i.test(text)) return 'Shorten the conversation; see context_length in /v1/models.'
  return undefined
}

async function showModel(models: CopilotModels, { response, url }: Exchange): Promise<void> {
  const id = decodeURIComponent(url.pathname.slice('/v1/models/'.length))
  const list = (await models.list()) as { readonly data: readonly JsonObject[] }
  const model = list.data.find((candidate) => candidate.id === id)
  if (model === undefined) throw new AppError('relay.not-found', `Copilot has no model "${id.slice(0, 80)}".`)
  sendJson(response, 200, model)
}

/**
 * Copilot counts no tokens ahead, and estimates with another tokenizer are too low for Claude, which makes
 * clients compact too late. Claude Code goes on without the count when it gets a 404.
 */
async function refuseCount(): Promise<void> {
  throw new AppError('relay.count-tokens-unsupported', 'Copilot cannot count tokens ahead.')
}
