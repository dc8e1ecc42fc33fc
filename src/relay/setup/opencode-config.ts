import { z } from 'zod'
import type { SetupModel, Wire } from './models.ts'
import type { DefaultModels } from './tiers.ts'

export const COPILOT_PROVIDER = 'sovereign'
export const OPENROUTER_PROVIDER = 'sovereign-openrouter'
export const OUR_PROVIDERS = [COPILOT_PROVIDER, OPENROUTER_PROVIDER] as const

/** What clients show; with the key it also tells our providers from those that a user has under the same name. */
const PROVIDER_NAMES: Readonly<Record<(typeof OUR_PROVIDERS)[number], string>> = {
  [COPILOT_PROVIDER]: 'Sovereign (Copilot)',
  [OPENROUTER_PROVIDER]: 'Sovereign (OpenRouter)',
}

/** Stands where a client insists on some key and the relay asks for none. No secret. */
export const NO_TOKEN_NEEDED = 'no-token-needed'

/** Relative to the configuration file; the setup script puts the token there with mode 0600. */
export const TOKEN_REFERENCE = '{file:./.sovereign/token}'

/** Packages that OpenCode carries inside its binary, so none of them is ever downloaded. */
const PACKAGE_OF_WIRE: Readonly<Record<Wire, string>> = {
  chat: '@ai-sdk/openai-compatible',
  responses: '@ai-sdk/openai',
  messages: '@ai-sdk/anthropic',
}

/** OpenCode drops a stream that stays silent for so long; it has no limit of its own. Reasoning models pause. */
const CHUNK_TIMEOUT_MS = 300_000

const openCodeModelSchema = z.strictObject({
  name: z.string(),
  attachment: z.boolean(),
  reasoning: z.boolean(),
  tool_call: z.boolean(),
  modalities: z.strictObject({ input: z.array(z.string()), output: z.array(z.string()) }),
  limit: z.strictObject({ context: z.int().positive(), output: z.int().positive() }),
  provider: z.strictObject({ npm: z.string() }).optional(),
  options: z.record(z.string(), z.unknown()).optional(),
})
const openCodeProviderSchema = z.strictObject({
  npm: z.string(),
  name: z.string(),
  options: z.strictObject({
    baseURL: z.url(),
    apiKey: z.string().min(1),
    timeout: z.union([z.int().positive(), z.literal(false)]),
    chunkTimeout: z.int().positive(),
  }),
  models: z.record(z.string().min(1), openCodeModelSchema),
})

/** The part of an OpenCode configuration (version 1 shape, which version 2 reads too) that is ours. */
export const openCodePartSchema = z.strictObject({
  providers: z.record(z.enum(OUR_PROVIDERS), openCodeProviderSchema.optional()),
  model: z.string().optional(),
  small_model: z.string().optional(),
})
export type OpenCodeModel = z.infer<typeof openCodeModelSchema>
export type OpenCodeProvider = z.infer<typeof openCodeProviderSchema>
export type OpenCodePart = z.infer<typeof openCodePartSchema>

export interface OpenCodeInput {
  readonly baseUrl: string
  readonly tokenRequired: boolean
  /** `undefined` where the list cannot be had right now. */
  readonly routed: readonly SetupModel[] | undefined
  /** `undefined` where the relay has no OpenRouter key or no list. */
  readonly openRouter: readonly SetupModel[] | undefined
  readonly defaults: DefaultModels | undefined
  readonly defaultsProvider: (typeof OUR_PROVIDERS)[number]
}

export function openCodePart(input: OpenCodeInput): OpenCodePart {
  const apiKey = input.tokenRequired ? TOKEN_REFERENCE : NO_TOKEN_NEEDED
  const reference = (model: SetupModel) => `${input.defaultsProvider}/${model.id}`
  return openCodePartSchema.parse({
    providers: {
      // Without any list the address is still written; models follow with the next run.
      [COPILOT_PROVIDER]:
        input.routed === undefined && input.openRouter !== undefined
          ? undefined
          : provider(COPILOT_PROVIDER, `${input.baseUrl}/v1`, apiKey, input.routed ?? []),
      [OPENROUTER_PROVIDER]:
        input.openRouter === undefined
          ? undefined
          : provider(OPENROUTER_PROVIDER, `${input.baseUrl}/api/v1`, apiKey, input.openRouter),
    },
    ...(input.defaults === undefined
      ? {}
      : { model: reference(input.defaults.main), small_model: reference(input.defaults.small) }),
  })
}

/** Whether a provider was made here and not merely changed. */
export function isMadeHere(id: (typeof OUR_PROVIDERS)[number], value: unknown): boolean {
  const made = z.looseObject({
    name: z.literal(PROVIDER_NAMES[id]),
    options: z.looseObject({ apiKey: z.enum([NO_TOKEN_NEEDED, TOKEN_REFERENCE]) }),
  })
  return made.safeParse(value).success
}

function provider(
  id: (typeof OUR_PROVIDERS)[number],
  baseURL: string,
  apiKey: string,
  models: readonly SetupModel[],
): OpenCodeProvider {
  return {
    npm: PACKAGE_OF_WIRE.chat,
    name: PROVIDER_NAMES[id],
    // `timeout` would end a long answer in the middle; silence is what has to be limited.
    options: { baseURL, apiKey, timeout: false, chunkTimeout: CHUNK_TIMEOUT_MS },
    models: Object.fromEntries(models.map((model) => [model.id, openCodeModel(model)])),
  }
}

function openCodeModel(model: SetupModel): OpenCodeModel {
  // An unknown limit would switch compaction off, so the smallest that current models have is assumed.
  const context = Math.floor(model.promptTokens ?? 64_000)
  return {
    name: model.name,
    attachment: model.vision,
    reasoning: model.reasoning,
    tool_call: model.toolCalls,
    modalities: { input: model.vision ? ['text', 'image'] : ['text'], output: ['text'] },
    limit: { context, output: Math.min(Math.floor(model.outputTokens ?? 4_096), context) },
    ...(model.wire === 'chat' ? {} : { provider: { npm: PACKAGE_OF_WIRE[model.wire] } }),
    // Copilot refuses the tool field `eager_input_streaming`, which the package adds by default.
    ...(model.wire === 'messages' ? { options: { toolStreaming: false } } : {}),
  }
}
