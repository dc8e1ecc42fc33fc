import type { Dispatcher } from 'undici'
import { z } from 'zod'
import type { Ambient } from '../../../node/ambient.ts'
import type { Logger } from '../../../node/log.ts'
import { AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { CopilotAccount } from '../../auth/copilot-account.ts'
import { reasonOf, sendRequest } from '../http-client.ts'
import type { ListedModel, ModelList } from '../upstream.ts'

const count = z.number().positive().optional().catch(undefined)
const modelSchema = z.looseObject({
  id: z.string(),
  name: z.string().optional().catch(undefined),
  vendor: z.string().optional().catch(undefined),
  policy: z.looseObject({ state: z.string() }).optional().catch(undefined),
  supported_endpoints: z.array(z.string()).optional().catch(undefined),
  capabilities: z
    .looseObject({
      limits: z
        .looseObject({ max_context_window_tokens: count, max_prompt_tokens: count, max_output_tokens: count })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
})
type Model = z.infer<typeof modelSchema>

interface Held {
  readonly body: unknown
  readonly models: readonly Model[]
  readonly fetchedAtMs: number
}

const FRESH_MS = 5 * 60_000
const STALE_MS = 24 * 3_600_000
const TIMEOUT_MS = 20_000

export interface CopilotModelsOptions {
  readonly account: CopilotAccount
  readonly dispatcher: Dispatcher
  readonly ambient: Ambient
  readonly log: Logger
  readonly onModels: (body: unknown) => void
}

/** Copilot's live model list: served at once while it is stale, renewed behind that, one request at a time. */
export class CopilotModels {
  private readonly options: CopilotModelsOptions
  private held: Held | undefined
  private fetching: Promise<Held> | undefined

  constructor(options: CopilotModelsOptions) {
    this.options = options
  }

  /** The reply as it came, parsed. */
  async body(): Promise<unknown> {
    return (await this.current()).body
  }

  /** Forgets the list: another account has another one. */
  forget(): void {
    this.held = undefined
    this.fetching = undefined
  }

  /** Fetches in the background what will be asked for next. */
  warmUp(): void {
    this.current().catch((error: unknown) => {
      this.options.log.info({ code: toAppError(error).code }, 'no model list from Copilot yet')
    })
  }

  /** Endpoints of a model as far as they are known right now; asks nobody. */
  endpointsOf(id: string): readonly string[] | undefined {
    return this.held?.models.find((model) => model.id === id)?.supported_endpoints
  }

  /** Without those that are switched off for the account. */
  async list(): Promise<ModelList> {
    const held = await this.current()
    const models = held.models.filter(({ policy }) => policy?.state !== 'disabled').map(listed)
    return { models, ageMs: this.ageOf(held) }
  }

  private async current(): Promise<Held> {
    const ageMs = this.held === undefined ? Number.POSITIVE_INFINITY : this.ageOf(this.held)
    if (this.held === undefined || ageMs > STALE_MS) return await this.fetch()
    if (ageMs > FRESH_MS)
      this.fetch().catch((error: unknown) => {
        this.options.log.info({ code: toAppError(error).code }, 'model list not renewed; the old one goes on')
      })
    return this.held
  }

  private ageOf(held: Held): number {
    return this.options.ambient.monotonicMs() - held.fetchedAtMs
  }

  private fetch(): Promise<Held> {
    if (this.fetching !== undefined) return this.fetching
    const fetching = this.load()
      .then((held) => {
        if (this.fetching === fetching) {
          this.held = held
          this.options.onModels(held.body)
        }
        return held
      })
      .finally(() => {
        if (this.fetching === fetching) this.fetching = undefined
      })
    this.fetching = fetching
    return fetching
  }

  private async load(): Promise<Held> {
    const { account } = this.options
    const session = await account.getSession()
    let reply = await this.ask(session)
    if (reply.status === 401) reply = await this.ask(await account.getSession(session.token))
    const parsed = z.looseObject({ data: z.array(z.unknown()) }).safeParse(reply.body)
    if (reply.status !== 200 || !parsed.success)
      throw new AppError(
        'relay.upstream-unreachable',
        `Copilot answered /models with status ${reply.status}.`,
      )
    const models = parsed.data.data.flatMap((model) => modelSchema.safeParse(model).data ?? [])
    return { body: reply.body, models, fetchedAtMs: this.options.ambient.monotonicMs() }
  }

  private async ask(session: Awaited<ReturnType<CopilotAccount['getSession']>>) {
    try {
      const reply = await sendRequest(`${session.apiUrl}/models`, {
        dispatcher: this.options.dispatcher,
        headers: {
          ...session.headers,
          'openai-intent': 'model-access',
          accept: 'application/json',
          authorization: `Bearer ${session.token}`,
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const text = await reply.body.text()
      return {
        status: reply.statusCode,
        body: reply.statusCode === 200 ? (JSON.parse(text) as unknown) : text,
      }
    } catch (error) {
      throw new AppError('relay.upstream-unreachable', `Copilot does not answer (${reasonOf(error)}).`, {
        cause: error,
      })
    }
  }
}

function listed(model: Model): ListedModel {
  const limits = model.capabilities?.limits
  const name = model.name ?? model.id
  return {
    ...model,
    object: 'model',
    type: 'model',
    created: 0,
    owned_by: model.vendor ?? 'copilot',
    name,
    display_name: name,
    // What fits into a prompt, which is what cuts a conversation off; the window is often larger.
    context_length: limits?.max_prompt_tokens ?? limits?.max_context_window_tokens ?? null,
    top_provider: { max_completion_tokens: limits?.max_output_tokens ?? null },
  }
}
