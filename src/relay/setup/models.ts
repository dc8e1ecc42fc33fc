import { z } from 'zod'

/** How a client has to talk to a model. */
export type Wire = 'chat' | 'responses' | 'messages'

/** A model as the client kit needs it; `undefined` is unknown, never zero. */
export interface SetupModel {
  readonly id: string
  readonly name: string
  /** The wire to configure where a client can speak all of them. */
  readonly wire: Wire
  readonly wires: readonly Wire[]
  /** Tokens that fit into a prompt. Often far less than the advertised context window. */
  readonly promptTokens: number | undefined
  readonly outputTokens: number | undefined
  readonly toolCalls: boolean
  readonly vision: boolean
  readonly reasoning: boolean
  /** Price rank: comparable within one list only. */
  readonly cost: number | undefined
  readonly isUpstreamDefault: boolean
  /** Whether a search that the server is to make is let through; clients that send one with everything fail there. */
  readonly mayHaveWebSearch: boolean
}

const count = z.number().positive().optional().catch(undefined)
const flag = z.boolean().optional().catch(undefined)
const price = z.number().nonnegative().optional().catch(undefined)
const prices = z.looseObject({
  output_price: price,
  default: z.looseObject({ output_price: price }).optional(),
})

const copilotModel = z.looseObject({
  id: z.string().min(1).max(200),
  name: z.string().optional().catch(undefined),
  model_picker_enabled: flag,
  is_chat_default: flag,
  policy: z.looseObject({ state: z.string() }).optional().catch(undefined),
  supported_endpoints: z.array(z.string()).optional().catch(undefined),
  billing: z
    .looseObject({ is_premium: flag, multiplier: price, token_prices: prices.optional().catch(undefined) })
    .optional()
    .catch(undefined),
  capabilities: z
    .looseObject({
      type: z.string().optional(),
      limits: z
        .looseObject({
          max_context_window_tokens: count,
          max_prompt_tokens: count,
          max_output_tokens: count,
        })
        .optional()
        .catch(undefined),
      supports: z
        .looseObject({
          tool_calls: flag,
          vision: flag,
          adaptive_thinking: flag,
          max_thinking_budget: count,
          reasoning_effort: z.array(z.string()).optional().catch(undefined),
        })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
})
type CopilotModel = z.infer<typeof copilotModel>

/** Reads Copilot's `GET /models`. Entries that make no sense are left out; the rest still counts. */
export function copilotModels(reply: unknown): SetupModel[] {
  const usable = entriesOf(reply, copilotModel).filter(
    (model) => isChat(model) && model.policy?.state !== 'disabled' && wiresOf(model).length > 0,
  )
  // Some individual accounts list every model with the picker off; then all of them are offered.
  const picked = usable.filter((model) => model.model_picker_enabled !== false)
  const offered = picked.length > 0 ? picked : usable
  // Credits per token and multipliers per request cannot be compared with each other.
  const cost = offered.some((model) => tokenPrice(model) !== undefined) ? tokenPrice : requestMultiplier
  return uniqueById(offered.map((model) => fromCopilot(model, cost(model))))
}

function fromCopilot(model: CopilotModel, cost: number | undefined): SetupModel {
  const limits = model.capabilities?.limits
  const supports = model.capabilities?.supports
  const wires = wiresOf(model)
  return {
    id: model.id,
    name: model.name ?? model.id,
    wire: wires[0] ?? 'chat',
    wires,
    promptTokens: limits?.max_prompt_tokens ?? limits?.max_context_window_tokens,
    outputTokens: limits?.max_output_tokens,
    toolCalls: supports?.tool_calls ?? true,
    vision: supports?.vision === true,
    reasoning:
      (supports?.reasoning_effort?.length ?? 0) > 0 ||
      supports?.adaptive_thinking === true ||
      supports?.max_thinking_budget !== undefined,
    cost,
    isUpstreamDefault: model.is_chat_default === true,
    mayHaveWebSearch: true,
  }
}

function isChat(model: CopilotModel): boolean {
  return (model.capabilities?.type ?? 'chat') === 'chat'
}

/**
 * Best first. The models that have `/responses` are those that refuse `max_tokens` on the chat endpoint, which is
 * what chat clients send.
 */
const WIRE_OF_ENDPOINT: readonly (readonly [string, Wire])[] = [
  ['/responses', 'responses'],
  ['/chat/completions', 'chat'],
  ['/v1/messages', 'messages'],
]

function wiresOf(model: Pick<CopilotModel, 'supported_endpoints'>): Wire[] {
  const endpoints = model.supported_endpoints
  if (endpoints === undefined) return ['chat']
  return WIRE_OF_ENDPOINT.filter(([endpoint]) => endpoints.includes(endpoint)).map(([, wire]) => wire)
}

function tokenPrice(model: CopilotModel): number | undefined {
  const tokenPrices = model.billing?.token_prices
  return tokenPrices?.default?.output_price ?? tokenPrices?.output_price
}

function requestMultiplier(model: CopilotModel): number | undefined {
  return model.billing?.multiplier ?? (model.billing?.is_premium === false ? 0 : undefined)
}

const decimal = z
  .union([z.string(), z.number()])
  .transform(Number)
  .refine((value) => value >= 0)
  .optional()
  .catch(undefined)

const openRouterModel = z.looseObject({
  id: z.string().min(1).max(200),
  name: z.string().optional().catch(undefined),
  created: z.number().optional().catch(undefined),
  context_length: count,
  top_provider: z
    .looseObject({ context_length: count, max_completion_tokens: count })
    .optional()
    .catch(undefined),
  supported_parameters: z.array(z.string()).optional().catch(undefined),
  architecture: z
    .looseObject({ input_modalities: z.array(z.string()).optional() })
    .optional()
    .catch(undefined),
  pricing: z.looseObject({ completion: decimal }).optional().catch(undefined),
})

/** Reads OpenRouter's `GET /api/v1/models`, newest first. Only models that can call tools are of use to an agent. */
export function openRouterModels(reply: unknown): SetupModel[] {
  const usable = entriesOf(reply, openRouterModel)
    .filter((model) => model.supported_parameters?.includes('tools') === true)
    .sort((a, b) => (b.created ?? 0) - (a.created ?? 0) || (a.id < b.id ? -1 : 1))
  return uniqueById(
    usable.map((model) => ({
      id: model.id,
      name: model.name ?? model.id,
      wire: 'chat',
      wires: ['chat'],
      promptTokens: model.top_provider?.context_length ?? model.context_length,
      outputTokens: model.top_provider?.max_completion_tokens,
      toolCalls: true,
      vision: model.architecture?.input_modalities?.includes('image') === true,
      reasoning: model.supported_parameters?.includes('reasoning') === true,
      cost: model.pricing?.completion,
      isUpstreamDefault: false,
      mayHaveWebSearch: true,
    })),
  )
}

const listedModel = z.looseObject({
  id: z.string().min(1).max(250),
  name: z.string().optional().catch(undefined),
  supported_endpoints: z.array(z.string()).optional().catch(undefined),
  context_length: count.nullable(),
  /** What Ollama knows beside it. */
  owned_by: z.string().optional().catch(undefined),
  max_context_length: count.nullable(),
  short_context: flag,
  capabilities: z.array(z.string()).optional().catch(undefined),
})

/** These names of models that write nothing are all that a list says about it. */
const NO_CHAT = /embed|rerank|whisper|\btts\b|\bbge-/i

/** Reads entries of the relay's own `GET /v1/models` that stand for a provider of config.json, or for Ollama. */
export function listedModels(entries: readonly unknown[]): SetupModel[] {
  const usable = entriesOf({ data: entries }, listedModel).filter(
    (model) => !NO_CHAT.test(model.id) && wiresOf(model).length > 0,
  )
  return uniqueById(
    usable.map((model) => ({
      id: model.id,
      name: model.id,
      // What every compatible server can do best.
      wire: wiresOf(model).includes('chat') ? 'chat' : (wiresOf(model)[0] ?? 'chat'),
      wires: wiresOf(model),
      promptTokens: model.context_length ?? undefined,
      outputTokens: undefined,
      // Mostly nothing tells; an agent is of no use without them.
      toolCalls: model.capabilities?.includes('tools') ?? true,
      vision: model.capabilities?.includes('vision') ?? false,
      reasoning: model.capabilities?.includes('thinking') ?? false,
      cost: undefined,
      isUpstreamDefault: false,
      mayHaveWebSearch: model.owned_by !== 'ollama',
    })),
  )
}

/** What somebody should know of the context of the same models, before an agent forgets how a conversation began. */
export function contextNotes(entries: readonly unknown[]): string[] {
  const models = entriesOf({ data: entries }, listedModel).filter((model) => wiresOf(model).length > 0)
  const short = models.filter(({ short_context }) => short_context === true)
  const unknown = models.filter(
    (model) => model.owned_by === 'ollama' && typeof model.context_length !== 'number',
  )
  const names = (list: readonly { readonly id: string }[]): string =>
    list.length > 3 ? `${list.length} models` : list.map(({ id }) => id).join(', ')
  return [
    ...(short.length === 0
      ? []
      : [`! Too little context for agents: ${names(short)}. Set OLLAMA_CONTEXT_LENGTH on that server.`]),
    ...(unknown.length === 0
      ? []
      : [
          `! Context not known before it is loaded: ${names(unknown)}. Set ollama.context_length on the relay.`,
        ]),
  ]
}

function entriesOf<T extends z.ZodType>(reply: unknown, schema: T): z.infer<T>[] {
  const list = z.looseObject({ data: z.array(z.unknown()) }).safeParse(reply)
  if (!list.success) return []
  return list.data.data.flatMap((entry) => {
    const parsed = schema.safeParse(entry)
    return parsed.success ? [parsed.data] : []
  })
}

function uniqueById(models: readonly SetupModel[]): SetupModel[] {
  return [...new Map(models.map((model) => [model.id, model])).values()]
}
