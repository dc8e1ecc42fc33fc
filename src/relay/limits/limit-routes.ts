import { AppError } from '../../shared/errors/app-error.ts'
import {
  type ChangeLimits,
  changeLimitsSchema,
  type LimitChanges,
  type LimitSet,
  type LimitsConfig,
  type LimitsOverview,
  limitSetSchema,
} from '../../shared/protocol/limits.ts'
import { readAdminBody } from '../clients/admin-body.ts'
import type { ConfigFile } from '../config/config-file.ts'
import { sendJson } from '../server/error-response.ts'
import type { Route } from '../server/route.ts'
import type { LimitKeeper } from './limit-keeper.ts'

export interface LimitAdministration {
  readonly configFile: ConfigFile
  readonly keeper: LimitKeeper
  readonly isClient: (name: string) => boolean
  readonly onChanged: () => void
}

/** `/admin/limits`: what holds, and changes of it, which hold from the next request on. */
export function limitRoutes(administration: LimitAdministration): Route[] {
  return [
    {
      method: 'GET',
      path: '/admin/limits',
      access: 'admin',
      handle: async ({ response }) => sendJson(response, 200, overview(administration)),
    },
    {
      method: 'POST',
      path: '/admin/limits',
      access: 'admin',
      handle: async ({ request, response }) => {
        await change(administration, await readAdminBody(request, changeLimitsSchema))
        sendJson(response, 200, overview(administration))
      },
    },
  ]
}

/** A client that is gone leaves no limits behind for another one of its name. */
export async function forgetLimits(
  { configFile, keeper, onChanged }: Omit<LimitAdministration, 'isClient'>,
  client: string,
): Promise<void> {
  keeper.forget(client)
  if (configFile.config.limits?.clients?.[client] === undefined) return
  await configFile.setAt(['limits', 'clients', client], undefined)
  keeper.apply(configFile.config.limits ?? {})
  onChanged()
}

async function change(administration: LimitAdministration, wanted: ChangeLimits): Promise<void> {
  const { configFile, keeper, isClient, onChanged } = administration
  const { of } = wanted
  const limits = configFile.config.limits ?? {}
  if (of.kind === 'client' && !isClient(of.name) && limits.clients?.[of.name] === undefined)
    throw new AppError('clients.not-found', `There is no client named "${of.name.slice(0, 80)}".`)
  if (of.kind !== 'client' && wanted.from === 'default')
    throw new AppError('clients.request-invalid', 'Only a client can have the limits of the default.')
  const path = of.kind === 'client' ? ['limits', 'clients', of.name] : ['limits', of.kind]
  const next = changed(startOf(limits, wanted), wanted.changes)
  const isPlainDefault = wanted.from === 'default' && Object.keys(wanted.changes).length === 0
  // No limits at all are something else than the default for a client, and nothing worth a line elsewhere.
  const isNothing = of.kind !== 'client' && Object.keys(next).length === 0
  const saving = configFile.setAt(path, isPlainDefault || isNothing ? undefined : next)
  keeper.apply(configFile.config.limits ?? {})
  onChanged()
  await saving
}

/** Who gets limits of its own starts with those that held before, so that none is lifted by accident. */
function startOf(limits: LimitsConfig, { of, from }: ChangeLimits): LimitSet {
  if (from === 'nothing') return {}
  const usual = limits.default ?? {}
  if (of.kind === 'default') return usual
  if (of.kind === 'relay') return limits.relay ?? {}
  return from === 'default' ? usual : (limits.clients?.[of.name] ?? usual)
}

function changed(start: LimitSet, changes: LimitChanges): LimitSet {
  const entries = Object.entries({ ...start, ...changes }).filter(([, value]) => value !== null)
  return limitSetSchema.parse(Object.fromEntries(entries))
}

function overview({ configFile, keeper }: LimitAdministration): LimitsOverview {
  const { limits = {} } = configFile.config
  return {
    default: limits.default ?? {},
    relay: limits.relay ?? {},
    clients: limits.clients ?? {},
    alertAt: [...keeper.alertShares],
    states: keeper.all(),
    unsaved: configFile.saveProblem?.message ?? null,
  }
}
