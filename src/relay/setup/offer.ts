import { toAppError } from '../../shared/errors/app-error.ts'
import type { ClientSettingsInput } from './client-settings.ts'
import { contextNotes, copilotModels, listedModels, openRouterModels, type SetupModel } from './models.ts'
import { COPILOT_PROVIDER, OPENROUTER_PROVIDER, type OpenCodePart, openCodePart } from './opencode-config.ts'
import type { SetupDependencies } from './setup-dependencies.ts'
import { defaultModels, type Tier } from './tiers.ts'

/** Some upstreams list hundreds of models; a configuration with all of them can no longer be read by a person. */
const MAX_MODELS = 60

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
  const [ownCopilot, allOpenRouter, listed] = await Promise.all([
    signedIn.copilot ? listOf('copilot', copilotModels) : undefined,
    signedIn.openrouter ? listOf('openrouter', openRouterModels) : undefined,
    dependencies.otherModels(),
  ])
  const openRouter = allOpenRouter?.slice(0, MAX_MODELS)
  if (allOpenRouter !== undefined && allOpenRouter.length > MAX_MODELS)
    notes.push(
      `! OpenRouter has ${allOpenRouter.length} models with tools; the newest ${MAX_MODELS} are listed.`,
    )
  const others = listed.flatMap((list) => ('error' in list ? [] : [modelsOf(list)]))
  for (const list of listed)
    if ('error' in list) notes.push(`! No model list from ${list.upstream} right now: ${list.error.message}`)
    else notes.push(...contextNotes(list.models))
  const isDefault = (upstream: string): boolean => dependencies.defaultUpstream() === upstream
  const copilot = isDefault('copilot') ? ownCopilot : ownCopilot?.map(withPrefix)
  if (!signedIn.copilot && !signedIn.openrouter && listed.length === 0)
    notes.push(
      '! The relay is signed out, so there are no models yet. Run "sovereign relay login" on the relay,',
      '  then run this script again here.',
    )
  const groups = [
    { upstream: 'copilot', models: copilot ?? [] },
    { upstream: 'openrouter', models: openRouter ?? [] },
    ...others,
  ].sort((a, b) => Number(isDefault(b.upstream)) - Number(isDefault(a.upstream)))
  // Without a wish of the owner, Copilot comes first wherever it is there.
  const first = groups.find(({ models }) => models.length > 0)
  const isOpenRouter = first?.upstream === 'openrouter'
  const routed = groups.flatMap(({ upstream, models }) => (upstream === 'openrouter' ? [] : models))
  return {
    notes,
    openCodePart: (baseUrl, tier) =>
      openCodePart({
        baseUrl,
        tokenRequired,
        routed: copilot === undefined && routed.length === 0 ? undefined : routed,
        openRouter,
        defaults: defaultModels(first?.models ?? [], tier),
        defaultsProvider: isOpenRouter ? OPENROUTER_PROVIDER : COPILOT_PROVIDER,
      }),
    clientSettings: (baseUrl, tier) => ({
      // Other clients are set up for one API; OpenRouter's has its own prefix.
      baseUrl: isOpenRouter ? `${baseUrl}/api` : baseUrl,
      routePrefix: isOpenRouter ? 'openrouter/' : '',
      tokenRequired,
      models: isOpenRouter ? (openRouter ?? []) : routed,
      defaults: defaultModels(first?.models ?? [], tier),
    }),
  }
}

function modelsOf({ upstream, models }: { readonly upstream: string; readonly models: readonly unknown[] }) {
  return { upstream, models: listedModels(models).slice(0, MAX_MODELS) }
}

function withPrefix(model: SetupModel): SetupModel {
  return { ...model, id: `copilot/${model.id}` }
}
