import { isIP } from 'node:net'
import type { Dispatcher } from 'undici'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { VERSION } from '../../node/version.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Health } from '../../shared/protocol/relay-auth.ts'
import { authRoutes } from '../auth/auth-routes.ts'
import { CopilotAccount } from '../auth/copilot-account.ts'
import { DeviceFlows } from '../auth/device-flow.ts'
import { createGithubApi } from '../auth/github-api.ts'
import { OpenrouterFlows } from '../auth/openrouter-flows.ts'
import { type Clients, openClients } from '../clients/clients.ts'
import { ConfigFile } from '../config/config-file.ts'
import { resolveOllama } from '../config/ollama-settings.ts'
import { resolveSettings } from '../config/relay-settings.ts'
import { resolveTls } from '../config/tls-settings.ts'
import { type Limits, openLimits } from '../limits/limits.ts'
import type { RelayOptions } from '../relay-contract.ts'
import { setupRoutes } from '../setup/setup-routes.ts'
import { ServerCertificate } from '../tls/server-certificate.ts'
import { CopilotModels } from '../upstreams/copilot/copilot-models.ts'
import { CopilotUpstream } from '../upstreams/copilot/copilot-upstream.ts'
import { createDirectDispatcher, createUpstreamDispatcher } from '../upstreams/http-client.ts'
import { ollamaAdminRoutes } from '../upstreams/ollama/ollama-admin.ts'
import { ollamaRoutes } from '../upstreams/ollama/ollama-routes.ts'
import { OllamaSlot } from '../upstreams/ollama/ollama-slot.ts'
import { providerRoutes } from '../upstreams/openai-compatible/provider-routes.ts'
import { Providers } from '../upstreams/openai-compatible/providers.ts'
import { OpenrouterKey } from '../upstreams/openrouter/openrouter-key.ts'
import { openrouterRoutes } from '../upstreams/openrouter/openrouter-routes.ts'
import { OpenrouterUpstream } from '../upstreams/openrouter/openrouter-upstream.ts'
import { startRouting } from '../upstreams/routing/start-routing.ts'
import { openUsage, type Usage } from '../usage/usage-store.ts'
import { RequestDispatcher } from './dispatch.ts'
import { sendJson } from './error-response.ts'
import type { Exchange, Route } from './route.ts'
import { Router } from './router.ts'

/** What tests replace. */
export interface RelaySurroundings {
  readonly ambient: Ambient
  readonly log: Logger
}

/** What a relay consists of, in the order in which it is made; closed the other way round. */
export interface RelayParts {
  readonly log: Logger
  readonly upstream: Dispatcher
  /** To what stands in the own network. */
  readonly direct: Dispatcher
  readonly ollama: OllamaSlot
  readonly usage: Usage
  readonly clients: Clients
  readonly dispatcher: RequestDispatcher
  readonly certificate: ServerCertificate | undefined
}

/** @throws AppError when the configuration does not allow a start. */
export async function buildParts(
  options: RelayOptions,
  { ambient, log }: RelaySurroundings,
): Promise<RelayParts> {
  const { env, dataDir } = options
  const configFile = await ConfigFile.open(options.configPath, log)
  const settings = resolveSettings(configFile.config, env)
  const ollamaSettings = resolveOllama(configFile.config, env)
  const clients = await openClients({
    ...{ dir: dataDir, ambient, log },
    onRevoked: (name) => limits.forget(name),
  })
  const files = options.listen && resolveTls(configFile.config, env, options.configPath)
  const asksAnybody = clients.required || settings.allowRemote || files?.clientCa !== undefined
  refuseOpenBind(options.listen?.host, asksAnybody)
  warnOfClearText(options.listen?.host, files !== undefined, log)
  const certificate = files && (await ServerCertificate.open({ files, ambient, log }))
  const upstream = await createUpstreamDispatcher(env)
  const direct = createDirectDispatcher()
  const github = createGithubApi(settings.baseUrls, upstream)
  const account: CopilotAccount = new CopilotAccount({
    ...{ configFile, env, github, ambient, log },
    version: VERSION,
    urls: settings.baseUrls,
    onQuota: (body) => usage.onQuota(body),
  })
  const isSignedIn = (): boolean => account.state.kind === 'signed-in'
  const usage: Usage = openUsage({
    ...{ dir: dataDir, ambient, log, authenticated: isSignedIn },
    certificateExpiresAt: () => certificate?.expiresAt,
    keepDays: configFile.config.usage?.keep_days,
    limits: () => limits.view,
    moreMetrics: () => routing.metrics(),
    onDollarPrices: () => openrouter.renewPrices(),
  })
  const limits: Limits = openLimits({ ambient, log, configFile, clients, usage })
  const models = new CopilotModels({
    ...{ account, ambient, log },
    dispatcher: upstream,
    onModels: (body) => usage.onModels(body),
  })
  const openrouterKey = new OpenrouterKey(configFile, env)
  const flows = new DeviceFlows(github, ambient, async (userToken) => {
    await account.signIn(userToken)
    models.forget()
    models.warmUp()
  })
  const openrouterFlows = new OpenrouterFlows({
    ...{ baseUrl: settings.baseUrls.openrouter, dispatcher: upstream, ambient },
    onKey: (key) => openrouterKey.set(key),
  })
  const shared = { dispatcher: upstream, recorder: limits.recorder, settings, ambient, env, log }
  const copilot = new CopilotUpstream({ ...shared, account, models })
  const openrouter = new OpenrouterUpstream({
    ...{ ...shared, key: openrouterKey },
    onModels: (body) => usage.onOpenrouterModels(body),
  })
  const providers = new Providers(configFile, shared)
  const ollama = new OllamaSlot(ollamaSettings, configFile, { ...shared, direct })
  ollama.offer(options.ollama)
  const routing = startRouting(settings, shared, () => [
    ...[copilot, openrouter, ...ollama.all()],
    ...providers.all(),
  ])
  const signedIn = () => ({ copilot: isSignedIn(), openrouter: openrouterKey.problem === undefined })
  const startedAt = ambient.monotonicMs()
  const health = (): Health => ({
    status: 'ok',
    relay: 'sovereign-bridge',
    version: VERSION,
    authenticated: isSignedIn(),
    upstreams: { ...signedIn(), ...routing.ready() },
    coolingDown: routing.coolingDown(),
    active: dispatcher.active,
    uptime: Math.round((ambient.monotonicMs() - startedAt) / 1000),
    ...(certificate && { certificateExpires: new Date(certificate.expiresAt).toISOString() }),
  })
  const router = new Router([
    ...healthRoutes(health),
    ...authRoutes({ account, flows, openrouter: openrouterKey, openrouterFlows, configFile }),
    ...routing.routes(),
    ...providerRoutes({ providers, configFile, settings }),
    ...openrouterRoutes(openrouter, settings),
    ...ollamaRoutes(ollama, settings),
    ...ollamaAdminRoutes({ slot: ollama, configFile, log }),
    ...usage.routes(),
    ...clients.routes(),
    ...limits.routes(),
    ...setupRoutes({
      version: VERSION,
      dataDir,
      tokensRequired: () => clients.required,
      signedIn,
      defaultUpstream: () => settings.routing.defaultUpstream,
      modelsReply: async (name) =>
        name === 'copilot' ? await models.body() : { data: (await openrouter.models()).models },
      otherModels: () => routing.otherModels(),
    }),
  ])
  const host = options.listen?.host
  const dispatcher: RequestDispatcher = new RequestDispatcher({
    ...{ router, log, access: clients },
    hosts: {
      allowedHosts: settings.allowedHosts,
      allowsAddresses: host !== undefined && !isLoopback(host),
      ownsName: (name) => certificate?.names(name) ?? false,
    },
  })
  if (isSignedIn()) models.warmUp()
  return { log, upstream, direct, ollama, usage, clients, dispatcher, certificate }
}

function healthRoutes(health: () => Health): Route[] {
  const handle = async ({ response }: Exchange): Promise<void> => sendJson(response, 200, health())
  // Claude Code asks HEAD / before anything else.
  return ['/', '/health'].map((path) => ({ method: 'GET', path, access: 'open', handle }))
}

function refuseOpenBind(host: string | undefined, isAllowed: boolean): void {
  if (host === undefined || isLoopback(host) || isAllowed) return
  throw new AppError(
    'relay.bind-refused',
    `The relay would listen on ${host}, which others on the network can reach.`,
  )
}

function warnOfClearText(host: string | undefined, isEncrypted: boolean, log: Logger): void {
  if (host === undefined || isLoopback(host) || isEncrypted) return
  log.warn(
    { host },
    'client tokens, prompts and answers cross the network in clear text: set relay.tls, or keep that network private',
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
