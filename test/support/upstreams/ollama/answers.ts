import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { lastUserText, list, type Reply, type Responder, usageOf } from '../reply.ts'
import { type RecordedRequest, type StandInHandler, sendJson } from '../stand-in.ts'
import { copy, pull, remove } from './administer.ts'
import { encodeAnswer, encodeEmpty, type OllamaForm } from './encode.ts'
import { sendFailure } from './failure.ts'
import { isRemote, type ModelStore, type OllamaEntry, sourceOf } from './model-store.ts'
import { isOriginAllowed, isOwnName, NO_TRAPS, type OllamaTraps } from './traps.ts'

export interface OllamaAnswerOptions {
  readonly version?: string
  /** Which names it goes by; as a real one on loopback unless told. */
  readonly ownsHost?: (host: string) => boolean
  /** OLLAMA_ORIGINS: what is let in beside the usual ones. */
  readonly origins?: readonly string[]
  /** What `/api/show` knows beside the entry, by name, such as `capabilities` or `model_info`. */
  readonly shows?: Readonly<Record<string, OllamaEntry>>
  readonly traps?: Partial<OllamaTraps>
  readonly respond?: Responder
}

const FORMS: ReadonlyMap<string, OllamaForm> = new Map<string, OllamaForm>([
  ['/api/generate', 'generate'],
  ['/api/chat', 'chat'],
  ['/v1/chat/completions', 'openai-chat'],
  ['/v1/completions', 'openai-completion'],
  ['/v1/responses', 'responses'],
  ['/v1/messages', 'messages'],
])
const EMBEDDINGS = new Set(['/api/embed', '/api/embeddings', '/v1/embeddings'])
export const INFERENCE_PATHS: ReadonlySet<string> = new Set([...FORMS.keys(), ...EMBEDDINGS])
const VECTOR = [0.018_310_546_875, -0.023_4, 1e-7]

export class OllamaAnswers {
  other: StandInHandler | undefined
  traps: OllamaTraps
  readonly scripted: Reply[] = []
  private readonly models: ModelStore
  private readonly options: OllamaAnswerOptions

  constructor(models: ModelStore, options: OllamaAnswerOptions) {
    this.models = models
    this.options = options
    this.traps = { ...NO_TRAPS, ...options.traps }
  }

  async answer(request: RecordedRequest, response: ServerResponse): Promise<void> {
    if (this.other !== undefined) return await this.other(request, response)
    const { ownsHost = isOwnName, origins = [] } = this.options
    const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
    if (!isOriginAllowed(request.headers, origins) || !ownsHost(name)) return sendEmpty(response, 403)
    if (request.method === 'OPTIONS') return sendEmpty(response, 204)
    const handlers = this.routes(request, response).get(request.path)
    if (handlers === undefined) return sendText(response, 404, '404 page not found')
    const handle = handlers[request.method]
    if (handle === undefined) return sendText(response, 405, '405 method not allowed')
    await handle()
  }

  private routes(request: RecordedRequest, response: ServerResponse): ReadonlyMap<string, Handlers> {
    const { models, traps, options } = this
    const read = (body: () => object): Handlers => {
      const handle = (): void => sendJson(response, 200, body())
      return { GET: handle, HEAD: handle }
    }
    const greet = (): void => sendText(response, 200, 'Ollama is running')
    const model = (): string => modelIn(request)
    const isStream = request.json?.stream !== false
    return new Map<string, Handlers>([
      ['/', { GET: greet, HEAD: greet }],
      ['/api/version', read(() => ({ version: options.version ?? '0.33.0' }))],
      ['/api/tags', read(() => ({ models: models.tags(traps.hidesRemote) }))],
      ['/api/ps', { GET: () => sendJson(response, 200, { models: models.loaded(traps.contextLength) }) }],
      ['/api/show', { POST: () => this.show(request, response) }],
      ['/v1/models', { GET: () => sendJson(response, 200, this.openaiList()) }],
      ['/api/pull', { POST: () => pull(response, model(), { models, traps, isStream }) }],
      ['/api/delete', { DELETE: () => remove(response, model(), models) }],
      ['/api/copy', { POST: () => copy(response, request, models) }],
      ['/api/create', { POST: () => sendText(response, 200, '{"status":"success"}\n') }],
      ['/api/push', { POST: () => sendText(response, 200, '{"status":"success"}\n') }],
      ['/api/me', { POST: () => this.account(response) }],
      ...[...FORMS].map(([path, form]): [string, Handlers] => [
        path,
        { POST: () => this.infer(form, request, response) },
      ]),
      ...[...EMBEDDINGS].map((path): [string, Handlers] => [
        path,
        { POST: () => this.embed(request, response) },
      ]),
    ])
  }

  /** `WhoamiHandler` of server/routes.go. */
  private account(response: ServerResponse): void {
    const { cloud } = this.traps
    if (cloud === 'signed-in') sendJson(response, 200, { name: 'owner', email: 'owner@example.org' })
    else if (cloud === 'off') sendJson(response, 403, { error: 'ollama cloud is disabled' })
    else sendJson(response, 401, { error: 'unauthorized', signin_url: 'https://ollama.com/connect' })
  }

  private openaiList(): object {
    const data = this.models.tags(false).map(({ name }) => ({
      ...{ id: name, object: 'model', created: 1_762_000_000, owned_by: 'library' },
    }))
    return { object: 'list', data }
  }

  private show(request: RecordedRequest, response: ServerResponse): void {
    const written = modelIn(request)
    const found = this.models.find(sourceOf(written).base)
    if (found === undefined) {
      sendJson(response, 404, { error: `model '${written}' not found` })
      return
    }
    const { remote_host, remote_model, details } = found
    sendJson(response, 200, {
      ...{ modelfile: '# Modelfile', parameters: '', template: '{{ .Prompt }}', details },
      ...(isRemote(found) && { remote_host, remote_model }),
      model_info: { 'general.architecture': 'qwen3', 'qwen3.context_length': 40_960 },
      capabilities: ['completion', 'tools'],
      ...this.options.shows?.[String(found.name)],
    })
  }

  private async infer(form: OllamaForm, request: RecordedRequest, response: ServerResponse): Promise<void> {
    const ready = await this.prepare(form, request, response)
    if (ready === undefined) return
    const { json, model } = ready
    const isNative = form === 'generate' || form === 'chat'
    const isEmpty = form === 'chat' ? list(json.messages).length === 0 : (json.prompt ?? '') === ''
    if (isNative && isEmpty) {
      const reason = json.keep_alive === 0 || json.keep_alive === '0' ? 'unload' : 'load'
      if (reason === 'unload') this.models.unload(ready.entry)
      return sendJson(response, 200, encodeEmpty(form, model, reason))
    }
    const { reply, heard } = this.hear(request, json)
    if (reply.status !== undefined && reply.status !== 200)
      return sendFailure(response, form, reply.status, String(reply.body ?? 'it failed'))
    const usage = { inputTokens: heard, cachedTokens: 0, ...reply.usage }
    const answer = encodeAnswer(form, { ...reply, usage }, model, json)
    const isStream = isNative ? json.stream !== false : json.stream === true
    if (!isStream) return sendJson(response, 200, answer.whole)
    response.writeHead(200, { 'content-type': answer.contentType })
    await this.stream(response, reply, answer)
  }

  private async stream(
    response: ServerResponse,
    reply: Reply,
    { pieces, failure }: { readonly pieces: readonly string[]; readonly failure: string },
  ): Promise<void> {
    const { failsAfterPieces, heldBy } = this.traps
    const end = reply.end ?? (failsAfterPieces === undefined ? 'complete' : 'error')
    const sent = end === 'complete' ? pieces : pieces.slice(0, reply.eventsBeforeEnd ?? failsAfterPieces ?? 2)
    for (const [index, piece] of sent.entries()) {
      if (index === 1) await heldBy
      if (response.destroyed) return
      response.write(piece)
      if (reply.chunkDelayMs !== undefined) await delay(reply.chunkDelayMs)
    }
    if (end === 'stall') return
    if (end === 'cut') return void response.destroy()
    if (end === 'error') response.write(failure)
    response.end()
  }

  /** What the model is given of the prompt: as much of its end as fits. */
  private hear(
    request: RecordedRequest,
    json: Readonly<Record<string, unknown>>,
  ): { readonly reply: Reply; readonly heard: number } {
    const all = promptOf(json).match(/\S+/g) ?? []
    const options = json.options as { num_ctx?: unknown } | undefined
    const limit = typeof options?.num_ctx === 'number' ? options.num_ctx : this.traps.contextLength
    const seen = all.slice(-limit)
    const last = lastUserText(json) || (typeof json.prompt === 'string' ? json.prompt : '')
    const reply = this.scripted.shift() ??
      this.options.respond?.(request) ?? { text: `The model heard: ${last.slice(0, 200)}` }
    return { reply, heard: reply.usage === undefined ? seen.length : usageOf(reply).inputTokens }
  }

  private async embed(request: RecordedRequest, response: ServerResponse): Promise<void> {
    const isOpenai = request.path === '/v1/embeddings'
    const ready = await this.prepare(isOpenai ? 'openai-chat' : 'generate', request, response)
    if (ready === undefined) return
    const { json, model } = ready
    if (request.path === '/api/embeddings') return sendJson(response, 200, { embedding: VECTOR })
    const inputs = Array.isArray(json.input) ? json.input : [json.input]
    if (!isOpenai)
      return sendJson(response, 200, {
        ...{
          model,
          embeddings: inputs.map(() => VECTOR),
          total_duration: 14_143_917,
          load_duration: 1_019_500,
        },
        prompt_eval_count: 7,
      })
    sendJson(response, 200, {
      ...{ object: 'list', model, usage: { prompt_tokens: 7, total_tokens: 7 } },
      data: inputs.map((_, index) => ({ object: 'embedding', embedding: VECTOR, index })),
    })
  }

  /** Everything that can refuse a request before a model sees it, in the order of the real one. */
  private async prepare(form: OllamaForm, request: RecordedRequest, response: ServerResponse) {
    const refuse = (status: number, error: string, more: object = {}): undefined => {
      sendFailure(response, form, status, error, more)
      return undefined
    }
    const { json } = request
    if (request.body.length === 0) return refuse(400, 'missing request body')
    if (json === undefined) return refuse(400, "invalid character 'x' looking for beginning of value")
    const model = modelIn(request)
    const { base, source } = sourceOf(model)
    const entry = this.models.find(source === 'cloud' && this.models.find(model) ? model : base)
    const isCloud = source === 'cloud' || (entry !== undefined && isRemote(entry))
    if (!isCloud && entry === undefined) return refuse(404, `model '${model}' not found`)
    if (isCloud) {
      if (source === 'local') return refuse(404, `model '${model}' not found`)
      const { cloud } = this.traps
      if (cloud === 'off') return refuse(403, 'ollama cloud is disabled: remote model is unavailable')
      const signin_url = 'https://ollama.com/connect?name=host&key=c3NoLWVkMjU1MTk'
      if (cloud === 'signed-out') return refuse(401, 'unauthorized', { signin_url })
      return { json, model, entry: entry ?? { name: model } }
    }
    if (entry === undefined) return undefined
    if (this.traps.isQueueFull)
      return refuse(503, 'server busy, please try again.  maximum pending requests exceeded')
    if (!this.models.isLoaded(entry)) await delay(this.traps.coldLoadMs)
    if (response.destroyed) return undefined
    this.models.load(entry, json.keep_alive)
    return { json, model, entry }
  }
}

type Handlers = Readonly<Record<string, () => Promise<void> | void>>

/** Go reads members without regard to case, and the last one counts. */
function modelIn({ json = {} }: RecordedRequest): string {
  const named = (wanted: string): unknown =>
    Object.entries(json).findLast(([key]) => key.toLowerCase() === wanted)?.[1]
  return String(named('model') || named('name') || '')
}

function promptOf(json: Readonly<Record<string, unknown>>): string {
  const parts = [json.prompt, json.input, json.system, ...list(json.messages).map(({ content }) => content)]
  return parts.map((part) => (typeof part === 'string' ? part : '')).join(' ')
}

function sendEmpty(response: ServerResponse, status: number): void {
  response.writeHead(status)
  response.end()
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(text)
}
