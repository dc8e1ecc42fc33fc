import type { Dispatcher } from 'undici'
import type { Ambient } from '../../../node/ambient.ts'
import type { Logger } from '../../../node/log.ts'
import { AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { ProviderConfig } from '../../config/provider-schema.ts'
import type { Env, RelaySettings } from '../../config/relay-settings.ts'
import { upstreamHeaders } from '../../server/message-headers.ts'
import type { UsageRecorder } from '../../usage/recorder.ts'
import { forward, type Refusal } from '../forward.ts'
import { reasonOf, sendRequest } from '../http-client.ts'
import { ModelCache } from '../model-cache.ts'
import { refusalError, refusalText } from '../refusal.ts'
import {
  type InferenceCall,
  type ListedModel,
  type ModelList,
  type Refused,
  recorded,
  type Upstream,
} from '../upstream.ts'
import { dialectOf, pathOf, type Wire } from '../wires.ts'
import { ProviderKey } from './provider-key.ts'
import { namedModels, readModels } from './provider-models.ts'

export interface ProviderDependencies {
  readonly dispatcher: Dispatcher
  readonly recorder: UsageRecorder
  readonly settings: RelaySettings
  readonly ambient: Ambient
  readonly env: Env
  readonly log: Logger
}

/** What every compatible server has. */
const USUAL_WIRES: readonly Wire[] = ['chat', 'embeddings', 'completions']

/** Client headers that mean something beyond OpenAI's own servers. */
const PASSED_ON = ['accept', 'anthropic-beta', 'anthropic-version', 'openai-beta']

/** Short, because the owner of a box loads and unloads models while working. */
const MODELS_FRESH_MS = 60_000
const MODELS_TIMEOUT_MS = 10_000

/** Shorter ones could stand anywhere by chance. */
const SECRET_MIN_LENGTH = 6

/** An OpenAI-compatible server from config.json, such as vLLM, llama.cpp, LM Studio or LiteLLM. */
export class ProviderUpstream implements Upstream {
  readonly id: string
  readonly name: string
  readonly config: ProviderConfig
  readonly key: ProviderKey
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly wires: readonly Wire[]
  private readonly deps: ProviderDependencies
  private readonly cache: ModelCache

  constructor(id: string, config: ProviderConfig, deps: ProviderDependencies) {
    this.id = id
    this.name = id
    this.config = config
    this.deps = deps
    this.key = new ProviderKey(id, config, deps.env)
    this.baseUrl = config.base_url.replace(/\/+$/, '')
    this.wires = config.wires ?? USUAL_WIRES
    this.cache = new ModelCache(() => this.fetchModels(), deps.ambient, MODELS_FRESH_MS)
  }

  get problem(): AppError | undefined {
    return this.key.problem
  }

  wiresOf(): readonly Wire[] {
    return this.wires
  }

  /** @param isLive whoever administers wants to know how it is now. */
  async models(isLive = false): Promise<ModelList> {
    const { models } = this.config
    if (models !== undefined) return { models: namedModels(this.id, this.wires, models), ageMs: 0 }
    return isLive ? await this.cache.renew() : await this.cache.get()
  }

  async infer({ exchange, wire, model, body, parsed }: InferenceCall): Promise<Refused | undefined> {
    const { dispatcher, recorder, settings } = this.deps
    const { request, signal, url } = exchange
    const key = this.key.get()
    signal.throwIfAborted()
    const stream = parsed.stream === true
    const facts = {
      upstream: this.id,
      endpoint: pathOf(wire),
      model,
      stream,
      initiator: 'user',
    } as const
    const headers = {
      'content-type': 'application/json',
      ...upstreamHeaders(request.headers, PASSED_ON),
      ...this.ownHeaders(key),
    }
    try {
      const refusal = await recorded(recorder, exchange, facts, (record) =>
        forward({
          dispatcher,
          upstreamName: this.name,
          baseUrl: this.baseUrl,
          path: `${pathOf(wire)}${url.search}`,
          method: 'POST',
          headers,
          body,
          dialect: dialectOf(wire),
          stream,
          limits: settings.limits,
          exchange,
          record,
        }),
      )
      return refusal === undefined ? undefined : this.refused(refusal, key)
    } catch (error) {
      throw this.explained(toAppError(error))
    }
  }

  private refused(original: Refusal, key: string | undefined): Refused {
    const refusal = { ...original, body: this.withoutSecrets(original.body, key) }
    const general = refusalError(this.name, refusal)
    const text = refusalText(refusal).slice(0, 300)
    const message = text === '' ? general.message : `${general.message} It says: ${text}`
    const remedy = REMEDIES.get(general.code)?.(this.id)
    const explanation = new AppError(general.code, message, remedy === undefined ? {} : { remedy })
    this.deps.log.info(
      { upstream: this.id, status: refusal.status, code: explanation.code },
      'a provider refused a request',
    )
    return { refusal, explanation }
  }

  private explained(error: AppError): AppError {
    if (error.code !== 'relay.upstream-unreachable') return error
    const { host } = new URL(this.baseUrl)
    return new AppError(error.code, error.message, {
      cause: error,
      remedy: `Check that ${this.name} runs, and that the relay host may reach ${host}.`,
    })
  }

  /** Whatever the owner has put into `headers` has the last word. */
  private ownHeaders(key: string | undefined): Record<string, string> {
    const own = Object.entries(this.config.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
    return {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(Object.fromEntries(own) as Record<string, string>),
    }
  }

  /** A server may repeat the credential that it refuses, and these keys have no form to know them by. */
  private withoutSecrets(body: Buffer, key: string | undefined): Buffer {
    const secrets = [key ?? '', ...Object.values(this.config.headers ?? {})]
      .filter((secret) => secret.length >= SECRET_MIN_LENGTH)
      // Within JSON quotes and backslashes are written differently.
      .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    const text = body.toString('latin1')
    const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
    return Buffer.from(clean, 'latin1')
  }

  private async fetchModels(): Promise<readonly ListedModel[]> {
    const headers = { accept: 'application/json', ...this.ownHeaders(this.key.get()) }
    const signal = AbortSignal.timeout(MODELS_TIMEOUT_MS)
    const ask = async () => {
      const reply = await sendRequest(`${this.baseUrl}/models`, {
        dispatcher: this.deps.dispatcher,
        ...{ headers, signal },
      })
      return { status: reply.statusCode, text: await reply.body.text() }
    }
    const { status, text } = await ask().catch((error: unknown) => {
      throw this.explained(
        new AppError('relay.upstream-unreachable', `${this.name} gives no model list (${reasonOf(error)}).`, {
          cause: error,
        }),
      )
    })
    if (status !== 200) throw this.noList(status, `status ${status}`)
    try {
      return readModels(this.id, this.wires, text)
    } catch {
      throw this.noList(status, 'what it sends is no list of models')
    }
  }

  private noList(status: number, why: string): AppError {
    const isRefused = status === 401 || status === 403
    return new AppError(
      isRefused ? 'upstream.unauthorized' : 'upstream.dependency-failed',
      `${this.name} gives no model list at ${this.baseUrl}/models (${why}).`,
      {
        remedy: isRefused
          ? newKey(this.id)
          : 'Check base_url, which usually ends in /v1; where the server has no list, name its models in "models".',
      },
    )
  }
}

function newKey(id: string): string {
  return `Give the relay a key that ${id} takes: "sovereign relay providers add ${id} URL --key".`
}

/** Where the usual words speak of Copilot. */
const REMEDIES: ReadonlyMap<string, (id: string) => string> = new Map([
  ['upstream.unauthorized', newKey],
  ['upstream.forbidden', (id: string) => `Check what the key of ${id} may do.`],
  ['upstream.quota-exceeded', (id: string) => `Check the account that the key of ${id} belongs to.`],
  ['upstream.client-outdated', (id: string) => `Read what ${id} says about it.`],
])
