import { z } from 'zod'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { ProviderInfo, ProviderList } from '../../../shared/protocol/providers.ts'
import { explainIssues } from '../../../shared/settings/explain.ts'
import { formatPath } from '../../../shared/settings/mistake.ts'
import type { ConfigFile } from '../../config/config-file.ts'
import { providerNameMistake, providerSchema } from '../../config/provider-schema.ts'
import type { RelaySettings } from '../../config/relay-settings.ts'
import { explain, sendJson } from '../../server/error-response.ts'
import { parseObject, readBody } from '../../server/read-body.ts'
import type { Exchange, Route } from '../../server/route.ts'
import { sendRefusal } from '../refusal.ts'
import { label } from '../routing/failover.ts'
import { modelIn, readAsked } from '../routing/routing-routes.ts'
import { wrongEndpoint } from '../upstream.ts'
import { dialectOf, wireAt } from '../wires.ts'
import type { ProviderUpstream } from './provider-upstream.ts'
import type { Providers } from './providers.ts'

export interface ProviderRouteDependencies {
  readonly providers: Providers
  readonly configFile: ConfigFile
  readonly settings: RelaySettings
}

const BODY_MAX_BYTES = 65_536

/** Each provider under an address of its own, with its models as it calls them; and their administration. */
export function providerRoutes(deps: ProviderRouteDependencies): Route[] {
  const list = async ({ response }: Exchange): Promise<void> => sendJson(response, 200, listOf(deps))
  return [
    { method: 'ANY', path: '/providers/*', access: 'client', handle: (x) => pass(deps, x) },
    { method: 'GET', path: '/admin/providers', access: 'admin', handle: list },
    { method: 'POST', path: '/admin/providers', access: 'admin', handle: (x) => put(deps, x) },
    {
      method: 'DELETE',
      path: '/admin/providers/*',
      access: 'admin',
      handle: async (x) => {
        await deps.providers.remove(x.url.pathname.slice('/admin/providers/'.length))
        await list(x)
      },
    },
  ]
}

/** Nobody stands in for a provider that is called by its own address. */
async function pass({ providers, settings }: ProviderRouteDependencies, exchange: Exchange): Promise<void> {
  const { request, url } = exchange
  const [, name = '', path = ''] = /^\/providers\/([^/]*)\/v1(\/.*)$/.exec(url.pathname) ?? []
  const base = `/providers/${name}/v1`
  if (path === '') throw new AppError('relay.not-found', 'A provider is called at /providers/NAME/v1/….')
  const provider = providers.get(name)
  const isReading = request.method === 'GET' || request.method === 'HEAD'
  if (isReading && /^\/models(?:\/|$)/.test(path)) return await sendModels(provider, exchange, base)
  const wire = wireAt(path)
  if (wire === undefined || request.method !== 'POST')
    throw new AppError(
      'relay.path-refused',
      `${request.method} ${path.slice(0, 120)} of ${name} is not open.`,
    )
  const asked = await readAsked(exchange, wire, settings.maxBodyBytes)
  if (!provider.wires.includes(wire)) throw wrongEndpoint(asked.model, wire, provider.wires, base)
  label(exchange, { upstream: provider, model: asked.model }, [])
  const refused = await provider.infer(asked)
  if (refused !== undefined)
    sendRefusal(exchange.response, dialectOf(wire), refused.refusal, refused.explanation)
}

async function sendModels(provider: ProviderUpstream, exchange: Exchange, base: string): Promise<void> {
  const { response, url, access } = exchange
  const { models } = await provider.models(access === 'admin')
  const wanted = modelIn(url, `${base}/models/`)
  if (wanted === '') return sendJson(response, 200, { object: 'list', data: models })
  const model = models.find(({ id }) => id === wanted)
  if (model !== undefined) return sendJson(response, 200, model)
  throw new AppError('relay.not-found', `${provider.name} has no model "${wanted.slice(0, 80)}".`)
}

const putSchema = z.object({
  name: z.string().superRefine((name, { addIssue }) => {
    const message = providerNameMistake(name)
    if (message !== undefined) addIssue({ code: 'custom', message })
  }),
  provider: providerSchema,
})

async function put(deps: ProviderRouteDependencies, exchange: Exchange): Promise<void> {
  const { request, response } = exchange
  const body = parseObject(await readBody(request, response, BODY_MAX_BYTES))
  const parsed = putSchema.safeParse(body)
  if (!parsed.success) {
    const [mistake] = explainIssues(parsed.error.issues, body, {})
    const what = mistake === undefined ? 'does not fit' : `${formatPath(mistake.path)}: ${mistake.text}`
    throw new AppError('relay.provider-invalid', `The provider cannot be set: ${what}.`)
  }
  await deps.providers.put(parsed.data.name, parsed.data.provider)
  sendJson(response, 201, listOf(deps))
}

function listOf({ providers, configFile, settings }: ProviderRouteDependencies): ProviderList {
  const unsaved = configFile.saveProblem?.message
  return {
    providers: providers.all().map(infoOf),
    defaultUpstream: settings.routing.defaultUpstream,
    ...(unsaved === undefined ? {} : { unsaved }),
  }
}

function infoOf({ id, baseUrl, key, config, wires, problem }: ProviderUpstream): ProviderInfo {
  return {
    name: id,
    baseUrl,
    key: key.source,
    headers: Object.keys(config.headers ?? {}),
    wires: [...wires],
    models: config.models === undefined ? null : [...config.models],
    problem: problem === undefined ? null : explain(problem),
  }
}
