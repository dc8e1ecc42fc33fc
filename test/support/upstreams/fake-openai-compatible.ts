import type { ServerResponse } from 'node:http'
import { encodeReply } from './dialects.ts'
import { lastUserText, type Reply, type Responder, record, usageOf } from './reply.ts'
import { sendReply } from './send-reply.ts'
import { type RecordedRequest, type StandIn, sendJson, startStandIn } from './stand-in.ts'

export interface FakeOpenaiCompatibleOptions {
  /** The one good key. Default: none is asked for, and one that comes is not looked at. */
  readonly apiKey?: string
  readonly models?: readonly string[]
  readonly respond?: Responder
  readonly chunkDelayMs?: number
  /** Its list of models does not come before this is settled. */
  readonly modelsHeldBy?: Promise<unknown>
}

export interface FakeOpenaiCompatible extends StandIn {
  /** As it stands in config.json. */
  readonly baseUrl: string
  /** Answers the next inference requests in this way, one after the other. */
  script(...replies: readonly Reply[]): void
  /** Inference requests only. */
  asked(): readonly RecordedRequest[]
}

export const BOX_MODEL = 'Qwen/Qwen3-32B'
const DIMENSIONS = [0.018_310_546_875, -0.023_4, 1e-7]

/**
 * A vLLM (`vllm serve`, OpenAI-compatible server of 0.11): everything below `/v1`, a bare `Unauthorized`, usage in
 * streams only where it is asked for, 404 for models that are not loaded. `/v1/messages` and `/v1/responses` too.
 * https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html
 */
export async function startFakeOpenaiCompatible(
  options: FakeOpenaiCompatibleOptions = {},
): Promise<FakeOpenaiCompatible> {
  const scripted: Reply[] = []
  const models = options.models ?? [BOX_MODEL]

  const infer = async (request: RecordedRequest, response: ServerResponse): Promise<void> => {
    const { json, path } = request
    if (json === undefined) return sendJson(response, 400, errorBody(400, 'Request body is no JSON object.'))
    const model = String(json.model ?? '')
    const reply = scripted.shift() ??
      options.respond?.(request) ?? { text: `The box heard: ${lastUserText(json).slice(0, 200)}` }
    if (reply.end === 'cut' && reply.eventsBeforeEnd === 0) return void response.destroy()
    if (reply.status !== undefined && reply.status !== 200)
      return await refuse(response, reply, errorBody(reply.status, 'It failed.'))
    if (!models.includes(model))
      return sendJson(response, 404, errorBody(404, `The model \`${model}\` does not exist.`))
    if (path === '/v1/embeddings') return sendJson(response, 200, embeddings(json, model), reply.headers)
    const paced =
      options.chunkDelayMs === undefined ? reply : { chunkDelayMs: options.chunkDelayMs, ...reply }
    const extras = { besideUsage: {}, insideUsage: {} }
    const dialect = path === '/v1/messages' ? 'messages' : 'responses'
    const encoded = path.endsWith('/completions')
      ? encodeCompletion(path === '/v1/completions', reply, json)
      : encodeReply(dialect, reply, model, extras)
    const sending = { stream: json.stream === true, headers: { server: 'uvicorn' }, comment: ': ping\n\n' }
    await sendReply(response, paced, encoded, sending)
  }

  const standIn = await startStandIn(async (request, response) => {
    const isOpen = options.apiKey === undefined
    if (!isOpen && request.headers.authorization !== `Bearer ${options.apiKey}`)
      return sendJson(response, 401, { error: 'Unauthorized' })
    if (request.method === 'POST' && INFERENCE.has(request.path)) return await infer(request, response)
    if (request.method !== 'GET' || request.path !== '/v1/models')
      return sendJson(response, 404, { detail: 'Not Found' })
    await options.modelsHeldBy
    sendJson(response, 200, { object: 'list', data: models.map(card) })
  })

  return {
    ...standIn,
    baseUrl: `${standIn.url}/v1`,
    script: (...replies) => void scripted.push(...replies),
    asked: () => standIn.requests.filter(({ path }) => INFERENCE.has(path)),
  }
}

const INFERENCE = new Set([
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/responses',
  '/v1/messages',
])

async function refuse(response: ServerResponse, reply: Reply, usual: object): Promise<void> {
  const { status = 500, body = usual, headers = {} } = reply
  if (typeof body !== 'string' && reply.end !== 'stall') return sendJson(response, status, body, headers)
  response.writeHead(status, { 'content-type': 'text/plain', ...headers })
  response.write(String(body))
  if (reply.end !== 'stall') response.end()
}

function errorBody(code: number, message: string): object {
  return {
    error: { message, type: code === 404 ? 'NotFoundError' : 'InternalServerError', param: null, code },
  }
}

function card(id: string): object {
  return {
    ...{ id, object: 'model', created: 1_790_000_000, owned_by: 'vllm', root: id, parent: null },
    max_model_len: 40_960,
    permission: [{ id: 'modelperm-1', object: 'model_permission', allow_sampling: true }],
  }
}

function embeddings({ input }: Readonly<Record<string, unknown>>, model: string): object {
  const texts = Array.isArray(input) ? input : [input]
  return {
    ...{ id: 'embd-1', object: 'list', created: 1_790_000_000, model },
    data: texts.map((_, index) => ({ index, object: 'embedding', embedding: DIMENSIONS })),
    usage: { prompt_tokens: 7, total_tokens: 7, completion_tokens: 0, prompt_tokens_details: null },
  }
}

/** Chat completions, and the older ones of plain text. */
function encodeCompletion(isPlain: boolean, reply: Reply, json: Readonly<Record<string, unknown>>) {
  const { inputTokens, outputTokens } = usageOf(reply)
  const usage = {
    prompt_tokens: inputTokens,
    total_tokens: inputTokens + outputTokens,
    completion_tokens: outputTokens,
  }
  const base = { id: 'cmpl-1', created: 1_790_000_000, model: json.model }
  const tool_calls = (reply.toolCalls ?? []).map((call, index) => ({
    ...{ index, id: `chatcmpl-tool-${index}`, type: 'function' },
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }))
  const finish_reason = tool_calls.length > 0 ? 'tool_calls' : 'stop'
  const object = isPlain ? 'text_completion' : 'chat.completion'
  const chunk = (part: object, finish: string | null = null): string =>
    event({
      ...{ ...base, object: isPlain ? object : 'chat.completion.chunk' },
      choices: [{ index: 0, ...part, logprobs: null, finish_reason: finish, stop_reason: null }],
    })
  const delta = (content: string): object => (isPlain ? { text: content } : { delta: { content } })
  const text = reply.text ?? ''
  const message = { role: 'assistant', content: text, reasoning_content: null, tool_calls }
  return {
    events: [
      ...(isPlain ? [] : [chunk({ delta: { role: 'assistant', content: '' } })]),
      ...(text.match(/\S+\s*/g) ?? []).map((word) => chunk(delta(word))),
      ...tool_calls.map((call) => chunk({ delta: { tool_calls: [call] } })),
      chunk(delta(''), finish_reason),
      ...(record(json.stream_options).include_usage === true ? [event({ ...base, choices: [], usage })] : []),
      'data: [DONE]\n\n',
    ],
    errorEvent: event(errorBody(500, 'EngineCore encountered an issue.')),
    whole: {
      ...{ ...base, object, usage, kv_transfer_params: null },
      choices: [{ index: 0, ...(isPlain ? { text } : { message }), logprobs: null, finish_reason }],
    },
  }
}

/** Python writes a blank behind colons, unlike JavaScript. */
function event(value: object): string {
  return `data: ${JSON.stringify(value).replaceAll('":', '": ')}\n\n`
}
