import { toAppError } from '../../shared/errors/app-error.ts'
import type { ClientSettingsInput } from './client-settings.ts'
import { copilotModels, openRouterModels, type SetupModel } from './models.ts'
import { COPILOT_PROVIDER, OPENROUTER_PROVIDER, type OpenCodePart, openCodePart } from './opencode-config.ts'
import type { SetupDependencies } from './setup-dependencies.ts'
import { defaultModels, type Tier } from './tiers.ts'

/** OpenRouter lists hundreds of models; a configuration with all of them can no longer be read by a person. */
const MAX_OPENROUTER_MODELS = 60

/** What the relay can offer a client at this moment. */
export interface Offer {
  /** What somebody who sets a client up should know. */
  readonly notes: readonly string[]
  openCodePart(baseUrl: string, tier: Tier | undefined): OpenCodePart
  clientSettings(baseUrl: string, tier: Tier | undefined): ClientSettingsInput
}

/** Never fails: what cannot be had right now is left out and named in the notes. */
export async function offerOf(dependencies: SetupDependencies, signal: AbortSignal): Promise<Offer> {
  const tokenRequired = dependencies.tokensRequired()
  const signedIn = dependencies.signedIn()
  const notes: string[] = []
  const listOf = async (
    upstream: 'copilot' | 'openrouter',
    read: (reply: unknown) => SetupModel[],
  ): Promise<SetupModel[] | undefined> => {
    try {
      return read(await dependencies.modelsReply(upstream, signal))
    } catch (error) {
      notes.push(`! No model list from ${upstream} right now: ${toAppError(error).message}`)
      return undefined
    }
  }
  const [copilot, allOpenRouter] = await Promise.all([
    signedIn.copilot ? listOf('copilot', copilotModels) : undefined,
    signedIn.openrouter ? listOf('openrouter', openRouterModels) : undefined,
  ])
  const openRouter = allOpenRouter?.slice(0, MAX_OPENROUTER_MODELS)
  if (allOpenRouter !== undefined && allOpenRouter.length > MAX_OPENROUTER_MODELS)
    notes.push(
      `! OpenRouter has ${allOpenRouter.length} models with tools; the newest ${MAX_OPENROUTER_MODELS} are listed.`,
    )
  if (!signedIn.copilot && !signedIn.openrouter)
    notes.push(
      '! The relay is signed out, so there are no models yet. Run "sovereign relay login" on the relay,',
      '  then run this script again here.',
    )
  // Copilot comes first wherever it is there.
  const isCopilot = (copilot ?? []).length > 0 || openRouter === undefined
  const models = (isCopilot ? copilot : openRouter) ?? []
  return {
    notes,
    openCodePart: (baseUrl, tier) =>
      openCodePart({
        baseUrl,
        tokenRequired,
        copilot,
        openRouter,
        defaults: defaultModels(models, tier),
        defaultsProvider: isCopilot ? COPILOT_PROVIDER : OPENROUTER_PROVIDER,
      }),
    clientSettings: (baseUrl, tier) => ({
      // Other clients are set up for one API; OpenRouter's has its own prefix.
      baseUrl: isCopilot ? baseUrl : `${baseUrl}/api`,
      tokenRequired,
      models,
      defaults: defaultModels(models, tier),
    }),
  }
}
