import type { Dispatcher } from 'undici'
import type { Logger } from '../../../node/log.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { RelaySettings } from '../../config/relay-settings.ts'
import type { Dialect } from '../../server/error-response.ts'
import { upstreamHeaders } from '../../server/message-headers.ts'
import { readBody } from '../../server/read-body.ts'
import { requestIdOf } from '../../server/request-id.ts'
import type { Exchange, Route } from '../../server/route.ts'
import type { RequestRecord, UsageRecorder } from '../../usage/recorder.ts'
import { forward, type Refusal } from '../forward.ts'
import { reasonOf, sendRequest } from '../http-client.ts'
import { refusalError, refusalText, sendRefusal } from '../refusal.ts'
import type { OpenrouterKey } from './openrouter-key.ts'
import { isInference, isPathOpen } from './openrouter-paths.ts'
import { enforceZeroRetention } from './zero-retention.ts'

export interface OpenrouterDependencies {
  readonly key: OpenrouterKey
  readonly dispatcher: Dispatcher
  readonly recorder: UsageRecorder
  readonly settings: RelaySettings
  readonly log: Logger
}

/** OpenRouter steers requests by headers too; clients get none of them. */
const PASSED_ON = ['accept', 'anthropic-beta', 'anthropic-version']

export function openrouterRoutes(deps: OpenrouterDependencies): Route[] {
  return [{ method: 'ANY', path: '/api/v1/*', access: 'client', handle: (x) => handle(deps, x) }]
}

async function handle(deps: OpenrouterDependencies, exchange: Exchange): Promise<void> {
  const { request, url } = exchange
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const rights = { isAdmin: exchange.access === 'admin', allowed: deps.settings.openrouterPaths }
  if ((method !== 'GET' && method !== 'POST') || !isPathOpen(url.pathname, rights))
    throw new AppError(
      'relay.path-refused',
      `${method ?? ''} ${url.pathname.slice(0, 120)} is not open to clients.`,
    )
  const key = deps.key.get()
  if (isInference(method, url.pathname)) await infer(deps, exchange, key)
  else await read(deps, exchange, key)
}

async function infer(deps: OpenrouterDependencies, exchange: Exchange, key: string): Promise<void> {
  const { request, response, signal, url } = exchange
  if (request.method !== 'POST') throw new AppError('relay.path-refused', `${url.pathname} takes POST only.`)
  const { body, parsed } = enforceZeroRetention(await readBody(request, response, deps.settings.maxBodyBytes))
  signal.throwIfAborted()
  const record = deps.recorder.begin({
    upstream: 'openrouter',
    endpoint: url.pathname.slice('/api/v1'.length),
    model: typeof parsed.model === 'string' ? parsed.model : '',
    client: exchange.client.name,
    stream: parsed.stream === true,
    initiator: 'user',
    requestId: requestIdOf(response),
  })
  try {
    const refusal = await pass(deps, exchange, key, { body, stream: parsed.stream === true, record })
    if (refusal !== undefined) {
      record.onResponse(refusal.status, refusal.headers)
      record.finish('failed')
      refuse(deps, exchange, refusal)
    }
  } finally {
    record.finish(signal.aborted ? 'cancelled' : 'failed')
  }
}

async function read(deps: OpenrouterDependencies, exchange: Exchange, key: string): Promise<void> {
  const refusal = await pass(deps, exchange, key, { body: undefined, stream: false, record: undefined })
  if (refusal !== undefined) refuse(deps, exchange, refusal)
}

interface Passage {
  readonly body: Buffer | undefined
  readonly stream: boolean
  readonly record: RequestRecord | undefined
}

async function pass(
  deps: OpenrouterDependencies,
  exchange: Exchange,
  key: string,
  { body, stream, record }: Passage,
): Promise<Refusal | undefined> {
  const { settings, dispatcher } = deps
  return await forward({
    dispatcher,
    upstreamName: 'OpenRouter',
    baseUrl: settings.baseUrls.openrouter,
    path: `${exchange.url.pathname}${exchange.url.search}`,
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...upstreamHeaders(exchange.request.headers, PASSED_ON),
      ...attribution(settings),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      authorization: `Bearer ${key}`,
    },
    body,
    dialect: dialectOf(exchange.url.pathname),
    stream,
    limits: settings.limits,
    exchange,
    record,
  })
}

/** https://openrouter.ai/docs/app-attribution */
function attribution({ siteUrl, siteName }: RelaySettings): Record<string, string> {
  const title = siteName.replace(/[^\x20-\x7e]/g, '?')
  return {
    'http-referer': siteUrl,
    'x-openrouter-title': title,
    'x-title': title,
    'x-openrouter-categories': 'cli-agent',
  }
}

function dialectOf(pathname: string): Dialect {
  if (pathname.endsWith('/messages')) return 'messages'
  return pathname.endsWith('/responses') ? 'responses' : 'chat'
}

function refuse(deps: OpenrouterDependencies, { response, url }: Exchange, refusal: Refusal): void {
  const explanation = explanationOf(refusal)
  deps.log.info({ status: refusal.status, code: explanation.code }, 'OpenRouter refused a request')
  sendRefusal(response, dialectOf(url.pathname), refusal, explanation)
}

const NO_ENDPOINT =
  /data polic|guardrail|routing requirements|no endpoints|no (?:allowed|available) .*provider/i

function explanationOf(refusal: Refusal): AppError {
  const isNoEndpoint = refusal.status === 404 || refusal.status === 503
  if (isNoEndpoint && NO_ENDPOINT.test(refusalText(refusal)))
    return new AppError(
      'relay.no-zdr-endpoint',
      'OpenRouter has no provider with zero data retention for this.',
    )
  return refusalError('OpenRouter', refusal)
}

const MODELS_TIMEOUT_MS = 20_000

/** The body of `GET /api/v1/models`, parsed. @throws AppError */
export async function fetchOpenrouterModels(
  deps: OpenrouterDependencies,
  signal: AbortSignal,
): Promise<unknown> {
  const key = deps.key.get()
  try {
    const reply = await sendRequest(`${deps.settings.baseUrls.openrouter}/api/v1/models`, {
      dispatcher: deps.dispatcher,
      headers: { accept: 'application/json', authorization: `Bearer ${key}`, ...attribution(deps.settings) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(MODELS_TIMEOUT_MS)]),
    })
    const text = await reply.body.text()
    if (reply.statusCode !== 200) throw new Error(`status ${reply.statusCode}`)
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('relay.upstream-unreachable', `OpenRouter gives no model list (${reasonOf(error)}).`, {
      cause: error,
    })
  }
}
