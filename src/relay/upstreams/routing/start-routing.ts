import type { Ambient } from '../../../node/ambient.ts'
import type { Logger } from '../../../node/log.ts'
import { type AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { RelaySettings } from '../../config/relay-settings.ts'
import type { Route } from '../../server/route.ts'
import type { ListedModel, Upstream } from '../upstream.ts'
import { CoolDowns } from './cool-downs.ts'
import { Failover } from './failover.ts'
import { ModelDirectory } from './model-directory.ts'
import { Routing } from './routing.ts'
import { routingMetrics } from './routing-metrics.ts'
import { routingRoutes } from './routing-routes.ts'

export type OtherModels =
  | { readonly upstream: string; readonly models: readonly ListedModel[] }
  | { readonly upstream: string; readonly error: AppError }

/** What the rest of the relay has to do with routing. */
export interface RunningRouting {
  /** Everything below `/v1`. */
  routes(): Route[]
  metrics(): string
  /** Whether each upstream beside Copilot and OpenRouter can be asked. */
  ready(): Readonly<Record<string, boolean>>
  /** Upstreams that are asked last right now. */
  coolingDown(): string[]
  /** Models of the upstreams beside Copilot and OpenRouter that can be asked, by the names that `/v1` takes. */
  otherModels(): Promise<readonly OtherModels[]>
}

/**
 * @param upstreams all of them, ready or not; may change while the relay runs.
 * @throws AppError `relay.config-invalid` when models without a prefix would go nowhere.
 */
export function startRouting(
  settings: RelaySettings,
  { ambient, log }: { readonly ambient: Ambient; readonly log: Logger },
  upstreams: () => readonly Upstream[],
): RunningRouting {
  const routing = new Routing(settings.routing, upstreams)
  routing.checkDefault()
  for (const fallback of routing.strayFallbacks())
    log.warn({ fallback }, 'a fallback in config.json names no upstream that the relay knows')
  const coolDowns = new CoolDowns(ambient)
  const failover = new Failover(coolDowns, log)
  const directory = new ModelDirectory(routing, log)
  const others = (): readonly Upstream[] =>
    upstreams().filter(({ id }) => id !== 'copilot' && id !== 'openrouter')
  return {
    routes: () => routingRoutes({ routing, failover, directory, maxBodyBytes: settings.maxBodyBytes }),
    metrics: () => routingMetrics(routing, coolDowns, failover),
    ready: () => Object.fromEntries(others().map(({ id, problem }) => [id, problem === undefined])),
    coolingDown: () =>
      upstreams().flatMap((upstream) => (coolDowns.isCoolingAsWhole(upstream) ? [upstream.id] : [])),
    otherModels: () =>
      Promise.all(
        others()
          .filter(({ problem }) => problem === undefined)
          .map(async (upstream) => {
            try {
              return { upstream: upstream.id, models: (await directory.modelsInTime(upstream)).models }
            } catch (error) {
              return { upstream: upstream.id, error: toAppError(error) }
            }
          }),
      ),
  }
}
