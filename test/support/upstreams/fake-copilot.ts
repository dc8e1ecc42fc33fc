import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { copilotModels } from './copilot-models.ts'
import { type Dialect, type Extras, encodeReply } from './dialects.ts'
import { lastUserText, list, type Reply, type Responder, usageOf } from './reply.ts'
import { sendReply } from './send-reply.ts'
import { type RecordedRequest, type StandIn, sendJson, startStandIn } from './stand-in.ts'

export interface FakeCopilotOptions {
  /** Which bearer values are good; by default any that is there. */
  readonly isTokenValid?: (token: string) => boolean
  readonly models?: readonly Readonly<Record<string, unknown>>[]
  /** Tried when no scripted reply is waiting. */
  readonly respond?: Responder
  /** Pace of every stream that does not set its own. */
  readonly chunkDelayMs?: number
  /** Off for benches, where it would grow without end. */
  readonly keepRequests?: boolean
}

export interface FakeCopilot extends StandIn {
  /** Replies for the next inference requests, in order. */
  script(...replies: readonly Reply[]): void
  setModels(models: readonly Readonly<Record<string, unknown>>[]): void
}

const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['/chat/completions', 'chat'],
  ['/responses', 'responses'],
  ['/v1/messages', 'messages'],
])

/** Copilot's data plane, with the checks that real clients run into. */
export async function startFakeCopilot(options: FakeCopilotOptions = {}): Promise<FakeCopilot> {
  const scripted: Reply[] = []
  let models = options.models ?? copilotModels()

  const infer = async (
    dialect: Dialect,
    request: RecordedRequest,
    response: ServerResponse,
  ): Promise<void> => {
    const { json } = request
    if (json === undefined) return sendError(response, 400, 'invalid_request_body', 'failed to parse request')
    const scriptedReply = scripted.shift()
    const complaint =
      scriptedReply?.status === undefined ? complaintAbout(json, request.path, models) : undefined
    if (complaint !== undefined) return sendError(response, 400, ...complaint)
    const reply = scriptedReply ?? options.respond?.(request) ?? { text: defaultText(json) }
    if (reply.status !== undefined && reply.status !== 200) return sendFailure(response, reply)
    const paced =
      options.chunkDelayMs === undefined ? reply : { chunkDelayMs: options.chunkDelayMs, ...reply }
    const encoded = encodeReply(dialect, reply, String(json.model ?? 'gpt-4.1'), extrasOf(reply))
    await sendReply(response, paced, encoded, {
      stream: json.stream === true,
      headers: quotaHeaders(),
      comment: ': keep-alive\n\n',
    })
  }

  const handle = async (request: RecordedRequest, response: ServerResponse): Promise<void> => {
    const refusal = refuse(request.headers, options.isTokenValid ?? (() => true))
    if (refusal !== undefined) return sendPlain(response, ...refusal)
    const dialect = DIALECTS.get(request.path)
    if (request.method === 'POST' && dialect !== undefined) return await infer(dialect, request, response)
    if (request.method === 'POST' && request.path === '/embeddings') return sendEmbeddings(request, response)
    if (request.method === 'GET' && request.path === '/models')
      return sendJson(response, 200, { object: 'list', data: models })
    if (request.method === 'POST' && /^\/models\/[^/]+\/policy$/.test(request.path))
      return sendJson(response, 200, { state: request.json?.state ?? 'enabled' })
    sendPlain(response, 404, '404 page not found')
  }

  const standIn = await startStandIn(handle, options.keepRequests ?? true)
  return {
    ...standIn,
    script: (...replies) => void scripted.push(...replies),
    setModels: (next) => {
      models = next
    },
  }
}

function refuse(
  headers: IncomingHttpHeaders,
  isTokenValid: (token: string) => boolean,
): [status: number, text: string] | undefined {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  if (token === undefined) return [401, 'unauthorized: AuthenticateToken authentication failed']
  if (!isTokenValid(token)) return [401, 'IDE token expired: unauthorized: token expired']
  if (token.startsWith('tid=') && headers['editor-version'] === undefined)
    return [400, 'bad request: missing Editor-Version header for IDE auth']
  return undefined
}

type Complaint = [code: string, message: string]

function complaintAbout(
  body: Readonly<Record<string, unknown>>,
  path: string,
  models: readonly Readonly<Record<string, unknown>>[],
): Complaint | undefined {
  const id = body.model
  const model = models.find((candidate) => candidate.id === id)
  if (model === undefined) return ['model_not_supported', 'The requested model is not supported.']
  const supported = model.supported_endpoints
  if (Array.isArray(supported) && !supported.includes(path))
    return ['unsupported_api_for_model', `model "${String(id)}" is not accessible via the ${path} endpoint`]
  if (path === '/chat/completions' && String(id).startsWith('gpt-5') && 'max_tokens' in body)
    return [
      'invalid_request_body',
      "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
    ]
  if (path === '/v1/messages' && list(body.tools).some((tool) => 'eager_input_streaming' in tool))
    return ['invalid_request_body', 'tools.0.eager_input_streaming: Extra inputs are not permitted']
  return undefined
}

function defaultText(body: Readonly<Record<string, unknown>>): string {
  return `The stand-in heard: ${lastUserText(body).slice(0, 200) || 'nothing'}`
}

function extrasOf(reply: Reply): Extras {
  const { inputTokens, cachedTokens, outputTokens } = usageOf(reply)
  const detail = (token_type: string, token_count: number, cost_per_batch: number): object => ({
    token_type,
    token_count,
    cost_per_batch,
    batch_size: 1_000_000,
  })
  // 25, 2.5 and 200 credits per million tokens; a credit is a thousand million nano-AIU.
  const nano = (inputTokens - cachedTokens) * 25_000 + cachedTokens * 2_500 + outputTokens * 200_000
  return {
    insideUsage: {},
    besideUsage: {
      copilot_usage: {
        token_details: [
          detail('input', inputTokens - cachedTokens, 25),
          detail('cache_read', cachedTokens, 2.5),
          detail('output', outputTokens, 200),
        ],
        total_nano_aiu: nano,
      },
    },
  }
}

function quotaHeaders(): Record<string, string> {
  const snapshot = new URLSearchParams({
    ent: '1500',
    ov: '0.0',
    ovPerm: 'true',
    rem: '91.8',
    rst: '2026-12-01T00:00:00Z',
    totRem: '1377',
  })
  return {
    'x-request-id': randomUUID(),
    'x-quota-snapshot-premium_interactions': snapshot.toString(),
    'x-quota-snapshot-chat': 'ent=-1&ov=0.0&ovPerm=false&rem=100.0&rst=2026-12-01T00%3A00%3A00Z',
  }
}

function sendEmbeddings(request: RecordedRequest, response: ServerResponse): void {
  const input = request.json?.input
  const count = Array.isArray(input) ? input.length : 1
  sendJson(response, 200, {
    object: 'list',
    model: request.json?.model,
    data: Array.from({ length: count }, (_, index) => ({
      object: 'embedding',
      index,
      embedding: [0.25, -0.5],
    })),
    usage: { prompt_tokens: 4 * count, total_tokens: 4 * count },
  })
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { error: { message, code, type: 'invalid_request_error' } })
}

function sendFailure(response: ServerResponse, reply: Reply): void {
  const status = reply.status ?? 500
  if (typeof reply.body === 'string') sendPlain(response, status, reply.body, reply.headers)
  else
    sendJson(
      response,
      status,
      reply.body ?? { error: { message: 'It failed.', code: 'failed' } },
      reply.headers,
    )
}

/** Go's `http.Error`: many of Copilot's refusals look like this. */
function sendPlain(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers })
  response.end(`${text}\n`)
}
