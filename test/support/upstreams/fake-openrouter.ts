import { createHash, randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type Dialect, encodeReply } from './dialects.ts'
import { lastUserText, list, type Reply, type Responder, record } from './reply.ts'
import { sendReply } from './send-reply.ts'
import { type RecordedRequest, type StandIn, sendJson, startStandIn } from './stand-in.ts'

export interface FakeOpenrouterOptions {
  /** The one good key. Default any. */
  readonly apiKey?: string
  readonly respond?: Responder
  readonly chunkDelayMs?: number
  readonly keepRequests?: boolean
}

export interface FakeOpenrouter extends StandIn {
  script(...replies: readonly Reply[]): void
  /** A person has agreed at the page of this URL: where the browser goes back to, with a code in it. */
  agree(url: string): string
  /** Inference requests that came without zero data retention, or with something that escapes it. */
  readonly violations: readonly string[]
}

/** The two refusals that are known for "no endpoint satisfies zero data retention". */
export const NO_ZDR_404: Reply = {
  status: 404,
  body: {
    error: {
      code: 404,
      message:
        'No endpoints available matching your guardrail restrictions and data policy. Configure: https://openrouter.ai/settings/privacy',
    },
  },
}
export const NO_ZDR_503: Reply = {
  status: 503,
  body: { error: { code: 503, message: 'No available model provider meets your routing requirements' } },
}

const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['/api/v1/chat/completions', 'chat'],
  ['/api/v1/responses', 'responses'],
  ['/api/v1/messages', 'messages'],
])

const BODY_PATHS = new Set([...DIALECTS.keys(), '/api/v1/completions', '/api/v1/embeddings'])

/** OpenRouter; base URL is `url`, paths start with `/api/v1`. */
export async function startFakeOpenrouter(options: FakeOpenrouterOptions = {}): Promise<FakeOpenrouter> {
  const scripted: Reply[] = []
  /** Challenges by the code that stands for them. */
  const codes = new Map<string, string>()

  /** As documented at https://openrouter.ai/docs/use-cases/oauth-pkce; a code is good once. */
  const exchange = ({ json = {} }: RecordedRequest, response: ServerResponse): void => {
    const challenge = codes.get(String(json.code))
    codes.delete(String(json.code))
    const answer = createHash('sha256').update(String(json.code_verifier)).digest('base64url')
    if (json.code_challenge_method !== 'S256')
      sendJson(response, 400, errorBody(400, 'Invalid code_challenge_method'))
    else if (challenge === undefined || challenge !== answer)
      sendJson(response, 403, errorBody(403, 'Invalid code or code_verifier'))
    else
      sendJson(response, 200, { key: options.apiKey ?? 'sk-or-v1-from-oauth-0123456789', user_id: 'user_1' })
  }
  const violations: string[] = []

  const infer = async (
    dialect: Dialect,
    request: RecordedRequest,
    response: ServerResponse,
  ): Promise<void> => {
    const json = request.json ?? {}
    const reply = scripted.shift() ??
      options.respond?.(request) ?? {
        text: `OpenRouter's stand-in heard: ${lastUserText(json).slice(0, 200)}`,
      }
    if (reply.status !== undefined && reply.status !== 200)
      return sendJson(
        response,
        reply.status,
        reply.body ?? errorBody(reply.status, 'It failed.'),
        reply.headers,
      )
    const paced =
      options.chunkDelayMs === undefined ? reply : { chunkDelayMs: options.chunkDelayMs, ...reply }
    const extras = {
      besideUsage: { provider: 'StandIn' },
      insideUsage: { cost: 0.000_42, cost_details: { upstream_inference_cost: null } },
    }
    await sendReply(response, paced, encodeReply(dialect, reply, String(json.model ?? ''), extras), {
      stream: json.stream === true,
      headers: { 'x-generation-id': 'gen-stand-in' },
      comment: ': OPENROUTER PROCESSING\n\n',
    })
  }

  const standIn = await startStandIn(async (request, response) => {
    if (request.method === 'POST' && request.path === '/api/v1/auth/keys') return exchange(request, response)
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (key === undefined || (options.apiKey !== undefined && key !== options.apiKey))
      return sendJson(response, 401, errorBody(401, 'No auth credentials found'))
    if (BODY_PATHS.has(request.path)) violations.push(...violationsOf(request))
    const dialect = DIALECTS.get(request.path)
    if (request.method === 'POST' && dialect !== undefined) return await infer(dialect, request, response)
    const found = request.method === 'GET' ? READABLE.get(request.path) : undefined
    if (found !== undefined) return sendJson(response, 200, found)
    sendJson(response, 404, errorBody(404, 'Not Found'))
  }, options.keepRequests ?? true)

  return {
    ...standIn,
    violations,
    script: (...replies) => void scripted.push(...replies),
    agree: (url) => {
      const asked = new URL(url).searchParams
      if (asked.get('code_challenge_method') !== 'S256') throw new Error('This flow is to use S256.')
      const code = randomUUID()
      codes.set(code, asked.get('code_challenge') ?? '')
      const back = new URL(asked.get('callback_url') ?? '')
      back.searchParams.set('code', code)
      return back.href
    },
  }
}

function violationsOf(request: RecordedRequest): string[] {
  const body = request.json
  if (body === undefined) return [`${request.path}: no JSON object`]
  const provider = record(body.provider)
  const found: string[] = []
  if (provider.zdr !== true) found.push(`${request.path}: provider.zdr is ${String(provider.zdr)}`)
  if (provider.data_collection !== 'deny') found.push(`${request.path}: data_collection is not denied`)
  if ('plugins' in body) found.push(`${request.path}: plugins are not covered`)
  if (String(body.model).includes(':online')) found.push(`${request.path}: ":online" searches the web`)
  if (list(body.tools).some((tool) => String(tool.type).includes('web_search')))
    found.push(`${request.path}: a web search tool is not covered`)
  return found
}

function errorBody(code: number, message: string): object {
  return { error: { code, message } }
}

const MODEL = {
  id: 'deepseek/deepseek-v3.2',
  canonical_slug: 'deepseek/deepseek-v3.2',
  name: 'DeepSeek: DeepSeek V3.2',
  context_length: 163_840,
  architecture: { modality: 'text->text', input_modalities: ['text'], output_modalities: ['text'] },
  pricing: { prompt: '0.00000027', completion: '0.0000004' },
  top_provider: { context_length: 163_840, max_completion_tokens: 65_536 },
  supported_parameters: ['tools', 'tool_choice', 'max_tokens'],
}

const READABLE: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['/api/v1/models', { data: [MODEL], total_count: 1 }],
  ['/api/v1/models/user', { data: [MODEL], total_count: 1 }],
  ['/api/v1/endpoints/zdr', { data: [{ model_id: MODEL.id, provider_name: 'StandIn' }] }],
  [
    '/api/v1/key',
    {
      data: {
        label: 'sk-or-v1-abc...123',
        limit: 10,
        limit_reset: 'monthly',
        limit_remaining: 9.5,
        usage: 0.5,
        usage_daily: 0.1,
        usage_weekly: 0.3,
        usage_monthly: 0.5,
        is_free_tier: false,
      },
    },
  ],
  ['/api/v1/generation', { data: { id: 'gen-stand-in', total_cost: 0.000_42 } }],
])
