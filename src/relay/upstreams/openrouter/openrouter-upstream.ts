import type { Dispatcher } from 'undici'
import { z } from 'zod'
import type { Ambient } from '../../../node/ambient.ts'
import type { Logger } from '../../../node/log.ts'
import { AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { RelaySettings } from '../../config/relay-settings.ts'
import type { Dialect } from '../../server/error-response.ts'
import { upstreamHeaders } from '../../server/message-headers.ts'
import type { Exchange } from '../../server/route.ts'
import type { RequestRecord, UsageRecorder } from '../../usage/recorder.ts'
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
import { pathOf, WIRES, type Wire } from '../wires.ts'
import type { OpenrouterKey } from './openrouter-key.ts'
import { isPathOpen } from './openrouter-paths.ts'
import { enforceZeroRetention } from './zero-retention.ts'

export interface OpenrouterDependencies {
  readonly key: OpenrouterKey
  readonly dispatcher: Dispatcher
  readonly recorder: UsageRecorder
  readonly settings: RelaySettings
  readonly ambient: Ambient
  readonly log: Logger
  /** Gets the parsed body of each model list. */
  readonly onModels: (body: unknown) => void
}

/** OpenRouter steers requests by headers too; clients get none of them. */
const PASSED_ON = ['accept', 'anthropic-beta', 'anthropic-version']

const MODELS_FRESH_MS = 5 * 60_000
/** Prices change by the week. */
const PRICES_FRESH_MS = 60 * 60_000

/** Everything that goes to OpenRouter, with zero data retention enforced on whatever makes a model answer. */
export class OpenrouterUpstream implements Upstream {
  readonly id = 'openrouter'
  readonly name = 'OpenRouter'
  private readonly deps: OpenrouterDependencies
  private readonly cache: ModelCache
  private listedAtMs = Number.NEGATIVE_INFINITY

  constructor(deps: OpenrouterDependencies) {
    this.deps = deps
    this.cache = new ModelCache(() => this.fetchModels(), deps.ambient, MODELS_FRESH_MS)
  }

  get problem(): AppError | undefined {
    return this.deps.key.problem
  }

  /** What the owner has closed to clients below `/api/v1` is closed below `/v1` too. */
  wiresOf(): readonly Wire[] {
    const allowed = this.deps.settings.openrouterPaths
    return WIRES.filter((wire) => isPathOpen(`/api/v1${pathOf(wire)}`, { isAdmin: false, allowed }))
  }

  async models(): Promise<ModelList> {
    return await this.cache.get()
  }

  async infer({ exchange, wire, body }: InferenceCall): Promise<Refused | undefined> {
    return await this.inferAt(exchange, `/api/v1${pathOf(wire)}`, body)
  }

  /** @param pathname at OpenRouter. @throws AppError also for what zero retention does not cover. */
  async inferAt(exchange: Exchange, pathname: string, original: Buffer): Promise<Refused | undefined> {
    const key = this.deps.key.get()
    const { body, parsed } = enforceZeroRetention(original)
    exchange.signal.throwIfAborted()
    const stream = parsed.stream === true
    const facts = {
      upstream: this.id,
      endpoint: pathname.slice('/api/v1'.length),
      model: typeof parsed.model === 'string' ? parsed.model : '',
      stream,
      initiator: 'user',
    } as const
    const refusal = await recorded(this.deps.recorder, exchange, facts, (record) =>
      this.pass(exchange, key, { pathname, body, stream, record }),
    )
    return this.refused(refusal)
  }

  /** A path that only reads. */
  async read(exchange: Exchange): Promise<Refused | undefined> {
    const { pathname } = exchange.url
    const passage = { pathname, body: undefined, stream: false, record: undefined }
    return this.refused(await this.pass(exchange, this.deps.key.get(), passage))
  }

  private refused(refusal: Refusal | undefined): Refused | undefined {
    if (refusal === undefined) return undefined
    const explanation = explanationOf(refusal)
    this.deps.log.info({ status: refusal.status, code: explanation.code }, 'OpenRouter refused a request')
    return { refusal, explanation }
  }

  private async pass(
    exchange: Exchange,
    key: string,
    { pathname, body, stream, record }: Passage,
  ): Promise<Refusal | undefined> {
    const { settings, dispatcher } = this.deps
    return await forward({
      dispatcher,
      upstreamName: this.name,
      baseUrl: settings.baseUrls.openrouter,
      path: `${pathname}${exchange.url.search}`,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...upstreamHeaders(exchange.request.headers, PASSED_ON),
        ...attribution(settings),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        authorization: `Bearer ${key}`,
      },
      body,
      dialect: dialectAt(pathname),
      stream,
      limits: settings.limits,
      exchange,
      record,
    })
  }

  /** Usage is shown with what its model costs, also where no client ever asks for the list. */
  renewPrices(): void {
    const { ambient, log } = this.deps
    if (this.problem !== undefined || ambient.monotonicMs() - this.listedAtMs < PRICES_FRESH_MS) return
    this.cache.get().catch((error: unknown) => {
      log.info({ code: toAppError(error).code }, 'the prices of OpenRouter are not renewed')
    })
  }

  private async fetchModels(): Promise<readonly ListedModel[]> {
    const { key, settings, dispatcher } = this.deps
    const authorization = `Bearer ${key.get()}`
    try {
      const reply = await sendRequest(`${settings.baseUrls.openrouter}/api/v1/models`, {
        dispatcher,
        headers: { accept: 'application/json', authorization, ...attribution(settings) },
        signal: AbortSignal.timeout(MODELS_TIMEOUT_MS),
      })
      const text = await reply.body.text()
      if (reply.statusCode !== 200) throw new Error(`status ${reply.statusCode}`)
      const body: unknown = JSON.parse(text)
      const { data } = listSchema.parse(body)
      this.listedAtMs = this.deps.ambient.monotonicMs()
      this.deps.onModels(body)
      return data.flatMap((entry) => modelSchema.safeParse(entry).data ?? []).map(listed)
    } catch (error) {
      throw new AppError(
        'relay.upstream-unreachable',
        `OpenRouter gives no model list (${reasonOf(error)}).`,
        {
          cause: error,
        },
      )
    }
  }
}

interface Passage {
  readonly pathname: string
  readonly body: Buffer | undefined
  readonly stream: boolean
  readonly record: RequestRecord | undefined
}

const MODELS_TIMEOUT_MS = 20_000
const listSchema = z.looseObject({ data: z.array(z.unknown()) })
const modelSchema = z.looseObject({ id: z.string() })

function listed(model: ListedModel): ListedModel {
  const name = typeof model.name === 'string' ? model.name : model.id
  const owned_by = model.id.split('/', 1)[0] ?? 'openrouter'
  return { created: 0, owned_by, ...model, object: 'model', type: 'model', name, display_name: name }
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

export function dialectAt(pathname: string): Dialect {
  if (pathname.endsWith('/messages')) return 'messages'
  return pathname.endsWith('/responses') ? 'responses' : 'chat'
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
