import type { Dispatcher } from 'undici'
import type { Ambient } from '../../../node/ambient.ts'
import type { Logger } from '../../../node/log.ts'
import { AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { OllamaSettings } from '../../config/ollama-settings.ts'
import type { Limits, RelaySettings } from '../../config/relay-settings.ts'
import type { Dialect } from '../../server/error-response.ts'
import { upstreamHeaders } from '../../server/message-headers.ts'
import type { JsonObject } from '../../server/read-body.ts'
import type { Exchange } from '../../server/route.ts'
import type { UsageRecorder } from '../../usage/recorder.ts'
import { forward } from '../forward.ts'
import { ModelCache } from '../model-cache.ts'
import { rewriteModel } from '../routing/rewrite-model.ts'
import { type InferenceCall, type ModelList, type Refused, recorded, type Upstream } from '../upstream.ts'
import { dialectOf, pathOf, WIRES, type Wire } from '../wires.ts'
import { checkOllamaBody, searchesWeb, withKeepAlive } from './ollama-body.ts'
import { notReached, OllamaClient } from './ollama-client.ts'
import { OllamaInventory } from './ollama-inventory.ts'
import { listedModel, ollamaModels, wiresFor } from './ollama-models.ts'
import { isModelName, isOpenModel } from './ollama-names.ts'
import type { NativePath } from './ollama-paths.ts'
import { ollamaRefusal } from './ollama-refusal.ts'

export interface OllamaDependencies {
  /** Reaches the own network, never through a proxy. */
  readonly direct: Dispatcher
  readonly recorder: UsageRecorder
  readonly settings: RelaySettings
  readonly ambient: Ambient
  readonly log: Logger
}

/** Of the headers of a client only what says something about the form of the answer. */
const PASSED_ON = ['accept', 'anthropic-beta', 'anthropic-version']
const MODELS_FRESH_MS = 15_000

/** The Ollama of the relay: inference and reading for clients, nothing that changes the server. */
export class OllamaUpstream implements Upstream {
  readonly id = 'ollama'
  readonly name = 'Ollama'
  /** It asks for no credential. */
  readonly problem = undefined
  readonly settings: OllamaSettings
  readonly client: OllamaClient
  readonly inventory: OllamaInventory
  private readonly deps: OllamaDependencies
  private cache: ModelCache
  /** What the list has told of each model. */
  private known: ReadonlyMap<string, readonly Wire[]> = new Map()

  constructor(settings: OllamaSettings, deps: OllamaDependencies) {
    this.settings = settings
    this.deps = deps
    this.client = new OllamaClient(settings, deps.direct)
    this.inventory = new OllamaInventory(this.client, deps.ambient)
    this.cache = this.emptyCache()
  }

  /** Somebody has changed what is installed. */
  forget(): void {
    this.inventory.forget()
    this.cache = this.emptyCache()
  }

  wiresOf(model: string): readonly Wire[] {
    return this.known.get(model) ?? WIRES
  }

  async models(): Promise<ModelList> {
    return await this.cache.get()
  }

  async infer({ exchange, wire, model, body, parsed }: InferenceCall): Promise<Refused | undefined> {
    const path = `/v1${pathOf(wire)}`
    return await this.send(exchange, {
      ...{ path: `${path}${exchange.url.search}`, endpoint: pathOf(wire), model, parsed },
      body: rewriteModel(body, model),
      dialect: dialectOf(wire),
      stream: parsed.stream === true,
    })
  }

  /** The same in Ollama's own form, which streams unless told otherwise. */
  async inferNative(
    exchange: Exchange,
    path: NativePath,
    body: Buffer,
    parsed: JsonObject,
  ): Promise<Refused | undefined> {
    const model = typeof parsed.model === 'string' ? parsed.model : ''
    return await this.send(exchange, {
      ...{ path, endpoint: path, model, parsed },
      body: withKeepAlive(body, this.settings.keepAlive),
      dialect: 'ollama',
      stream: parsed.stream !== false && (path === '/api/generate' || path === '/api/chat'),
    })
  }

  /** Whether clients may use it. @throws AppError that says why not. */
  async checkModel(model: string): Promise<void> {
    const { localOnly, models } = this.settings
    if (!isOpenModel(model, models))
      throw new AppError(
        'ollama.model-closed',
        `The owner of the relay has not opened "${model.slice(0, 120)}".`,
      )
    if (!localOnly || !(await this.inventory.isCloud(model))) return
    throw new AppError('ollama.cloud-refused', `"${model.slice(0, 120)}" is answered by ollama.com.`)
  }

  /** Of a request that is to take as long as it needs. */
  get limits(): Limits {
    const { limits } = this.deps.settings
    const { silenceMs } = this.settings
    return {
      heartbeatMs: limits.heartbeatMs,
      firstByteMs: silenceMs,
      betweenBytesMs: silenceMs,
      contentStallMs: Math.max(limits.contentStallMs, silenceMs),
      wholeReplyMs: Math.max(limits.wholeReplyMs, silenceMs),
    }
  }

  refused(refusal: Parameters<typeof ollamaRefusal>[0], model: string): Refused {
    const refused = ollamaRefusal(refusal, model)
    const { code } = refused.explanation
    this.deps.log.info({ upstream: this.id, status: refusal.status, code }, 'Ollama refused a request')
    return refused
  }

  private async send(exchange: Exchange, passage: Passage): Promise<Refused | undefined> {
    const { recorder, direct } = this.deps
    const { request, signal } = exchange
    const { model, parsed, endpoint, stream, ...rest } = passage
    checkOllamaBody(parsed, model)
    await this.checkModel(model)
    if (this.settings.localOnly && searchesWeb(parsed))
      throw new AppError('ollama.cloud-refused', 'Ollama searches the web at ollama.com.', {
        remedy: 'Switch web search off in the client, or set ollama.local_only to false in config.json.',
      })
    const isFree = await this.isFree(model)
    signal.throwIfAborted()
    const facts = { upstream: this.id, endpoint, model, stream, initiator: 'user', isFree } as const
    try {
      const refusal = await recorded(recorder, exchange, facts, (record) =>
        forward({
          ...{ dispatcher: direct, upstreamName: this.name, baseUrl: this.settings.url, method: 'POST' },
          ...{ ...rest, stream, limits: this.limits, exchange, record },
          headers: {
            ...this.client.headers,
            ...upstreamHeaders(request.headers, PASSED_ON),
            'content-type': 'application/json',
          },
        }),
      )
      return refusal && this.refused(refusal, model)
    } catch (error) {
      throw this.explained(toAppError(error))
    }
  }

  /** What ollama.com bills is not told. */
  private async isFree(model: string): Promise<boolean> {
    return this.settings.localOnly || !(await this.inventory.isCloud(model).catch(() => true))
  }

  private explained(error: AppError): AppError {
    const { host } = new URL(this.settings.url)
    const remedy = REMEDIES.get(error.code)?.(host)
    return remedy === undefined ? error : new AppError(error.code, error.message, { cause: error, remedy })
  }

  private emptyCache(): ModelCache {
    return new ModelCache(() => this.fetchModels(), this.deps.ambient, MODELS_FRESH_MS)
  }

  private async fetchModels() {
    const { settings, inventory } = this
    const all = await ollamaModels(inventory, settings)
    this.known = new Map(all.map(({ entry, capabilities }) => [entry.name, wiresFor(capabilities)]))
    for (const { entry, contextLength } of all)
      if (contextLength !== undefined && contextLength < settings.contextWarning)
        this.deps.log.warn({ model: entry.name, contextLength }, 'longer prompts are cut without a word')
    return all
      .filter(({ entry }) => isModelName(entry.name) && isOpenModel(entry.name, settings.models))
      .map((model) => listedModel(model, settings))
  }
}

interface Passage {
  /** On the Ollama, with query. */
  readonly path: string
  readonly endpoint: string
  readonly model: string
  readonly body: Buffer
  readonly parsed: JsonObject
  readonly dialect: Dialect
  readonly stream: boolean
}

const REMEDIES: ReadonlyMap<string, (host: string) => string> = new Map([
  ['relay.upstream-unreachable', notReached],
  [
    'relay.upstream-timeout',
    () => 'Load the model ahead of time, or raise ollama.silence_ms in config.json: loading it took longer.',
  ],
])
