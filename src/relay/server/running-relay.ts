import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { type Ambient, REAL_AMBIENT } from '../../node/ambient.ts'
import { createLogger, type Logger, type LogLevel } from '../../node/log.ts'
import { adminSocketPath } from '../../node/relay-paths.ts'
import { VERSION } from '../../node/version.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Health } from '../../shared/protocol/relay-auth.ts'
import { authRoutes } from '../auth/auth-routes.ts'
import { CopilotAccount } from '../auth/copilot-account.ts'
import { DeviceFlows } from '../auth/device-flow.ts'
import { createGithubApi } from '../auth/github-api.ts'
import { type Clients, openClients } from '../clients/clients.ts'
import { ConfigFile } from '../config/config-file.ts'
import { type Env, type RelaySettings, resolveSettings } from '../config/relay-settings.ts'
import type { Relay, RelayOptions } from '../relay-contract.ts'
import { setupRoutes } from '../setup/setup-routes.ts'
import { CopilotModels } from '../upstreams/copilot/copilot-models.ts'
import { copilotRoutes } from '../upstreams/copilot/copilot-routes.ts'
import { OpenrouterKey } from '../upstreams/openrouter/openrouter-key.ts'
import { fetchOpenrouterModels, openrouterRoutes } from '../upstreams/openrouter/openrouter-routes.ts'
import { openUsage, type Usage } from '../usage/usage-store.ts'
import { listenForAdmin } from './admin-socket.ts'
import { RequestDispatcher } from './dispatch.ts'
import { sendJson } from './error-response.ts'
import { createHttpServer } from './http-server.ts'
import type { Exchange, Route } from './route.ts'
import { Router } from './router.ts'

/** What tests replace. */
export interface RelaySurroundings {
  readonly ambient: Ambient
  readonly log: Logger
}

/** What a relay consists of, in the order in which it is made; closed the other way round. */
interface Parts {
  readonly log: Logger
  readonly settings: RelaySettings
  readonly upstream: Dispatcher
  readonly usage: Usage
  readonly clients: Clients
  readonly dispatcher: RequestDispatcher
}

const DEFAULT_DRAIN_MS = 10_000

/** Builds the parts, connects them and starts to listen. @throws AppError when the relay cannot start. */
export async function startRunningRelay(
  options: RelayOptions,
  surroundings: RelaySurroundings = {
    ambient: REAL_AMBIENT,
    log: createLogger('relay', logLevel(options.env)),
  },
): Promise<Relay> {
  const parts = await build(options, surroundings)
  const relay = new RunningRelay(options, parts)
  try {
    await relay.listen()
  } catch (error) {
    await relay.close(0)
    throw error
  }
  return relay
}

async function build(options: RelayOptions, { ambient, log }: RelaySurroundings): Promise<Parts> {
  const { env, dataDir } = options
  const configFile = await ConfigFile.open(options.configPath, log)
  const settings = resolveSettings(configFile.config, env)
  const clients = await openClients({ dir: dataDir, ambient, log })
  refuseOpenBind(options.listen?.host, clients.required || settings.allowRemote)
  const upstream = createUpstreamDispatcher(env)
  const github = createGithubApi(settings.baseUrls, upstream)
  const account: CopilotAccount = new CopilotAccount({
    ...{ configFile, env, github, ambient, log },
    version: VERSION,
    urls: settings.baseUrls,
    onQuota: (body) => usage.onQuota(body),
  })
  const isSignedIn = (): boolean => account.state.kind === 'signed-in'
  const usage = openUsage({ dir: dataDir, ambient, log, authenticated: isSignedIn })
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
  const shared = { dispatcher: upstream, recorder: usage.recorder, settings, log }
  const openrouter = { ...shared, key: openrouterKey }
  const signedIn = () => ({ copilot: isSignedIn(), openrouter: openrouterKey.problem === undefined })
  const startedAt = ambient.monotonicMs()
  const health = (): Health => ({
    status: 'ok',
    relay: 'sovereign-bridge',
    version: VERSION,
    authenticated: isSignedIn(),
    upstreams: signedIn(),
    active: dispatcher.active,
    uptime: Math.round((ambient.monotonicMs() - startedAt) / 1000),
  })
  const router = new Router([
    ...healthRoutes(health),
    ...authRoutes({ account, flows, openrouter: openrouterKey, configFile }),
    ...copilotRoutes({ ...shared, account, models }),
    ...openrouterRoutes(openrouter),
    ...usage.routes(),
    ...clients.routes(),
    ...setupRoutes({
      version: VERSION,
      dataDir,
      tokensRequired: () => clients.required,
      signedIn,
      modelsReply: (name, signal) =>
        name === 'copilot' ? models.body() : fetchOpenrouterModels(openrouter, signal),
    }),
  ])
  const host = options.listen?.host
  const dispatcher: RequestDispatcher = new RequestDispatcher({
    ...{ router, log, access: clients },
    allowedHosts: settings.allowedHosts,
    allowsAddresses: host !== undefined && !isLoopback(host),
  })
  if (isSignedIn()) models.warmUp()
  return { log, settings, upstream, usage, clients, dispatcher }
}

/** Owns the listeners and everything in {@link Parts}. */
class RunningRelay implements Relay {
  readonly adminSocketPath: string
  private readonly options: RelayOptions
  private readonly parts: Parts
  private readonly server: Server
  private readonly adminServer: Server
  private readonly guests = new Set<Duplex>()
  private bound: Relay['address']
  private closing: Promise<void> | undefined

  constructor(options: RelayOptions, parts: Parts) {
    this.options = options
    this.parts = parts
    this.adminSocketPath = adminSocketPath(options.dataDir)
    const { dispatcher } = parts
    this.server = createHttpServer((request, response) => dispatcher.handle(request, response, false))
    this.adminServer = createHttpServer((request, response) => dispatcher.handle(request, response, true))
  }

  get address(): Relay['address'] {
    return this.bound
  }

  async listen(): Promise<void> {
    await listenForAdmin(this.adminServer, this.adminSocketPath)
    const { listen } = this.options
    if (listen === undefined) return
    await listenOn(this.server, listen.host, listen.port)
    const { address, port } = this.server.address() as AddressInfo
    this.bound = { host: address, port }
    this.parts.log.info({ host: address, port }, 'relay is listening')
  }

  accept(connection: Duplex): void {
    this.takeOver(connection, this.server)
  }

  acceptAdmin(connection: Duplex): void {
    this.takeOver(connection, this.adminServer)
  }

  close(drainMs = DEFAULT_DRAIN_MS): Promise<void> {
    // Asked a second time, nobody wants to wait any longer.
    if (this.closing !== undefined) this.parts.dispatcher.cut()
    this.closing ??= this.shutDown(drainMs)
    return this.closing
  }

  private takeOver(connection: Duplex, server: Server): void {
    if (this.closing !== undefined) {
      connection.destroy()
      return
    }
    this.guests.add(connection)
    connection.once('close', () => this.guests.delete(connection))
    connection.on('error', () => undefined)
    server.emit('connection', connection)
  }

  private async shutDown(drainMs: number): Promise<void> {
    const { dispatcher, usage, clients, upstream } = this.parts
    const stopped = Promise.all([stopListening(this.server), stopListening(this.adminServer)])
    this.server.closeIdleConnections()
    this.adminServer.closeIdleConnections()
    const cut = setTimeout(() => dispatcher.cut(), drainMs)
    await dispatcher.drain()
    clearTimeout(cut)
    this.server.closeAllConnections()
    this.adminServer.closeAllConnections()
    for (const connection of this.guests) connection.destroy()
    await stopped
    usage.close()
    await clients.close()
    await upstream.destroy()
    this.parts.log.info('relay has stopped')
  }
}

function healthRoutes(health: () => Health): Route[] {
  const handle = async ({ response }: Exchange): Promise<void> => sendJson(response, 200, health())
  // Claude Code asks HEAD / before anything else.
  return ['/', '/health'].map((path) => ({ method: 'GET', path, access: 'open', handle }))
}

/** Connections are kept for the next request and never shared with somebody else's credential. */
function createUpstreamDispatcher(env: Env): Dispatcher {
  const settings = {
    // The silence rules of the relay decide, which know about heartbeats and streams.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000 },
    keepAliveTimeout: 30_000,
    pipelining: 1,
  }
  const httpsProxy = env.HTTPS_PROXY ?? env.https_proxy
  if (!httpsProxy) return new Agent(settings)
  const noProxy = [env.NO_PROXY ?? env.no_proxy ?? '', 'localhost', '127.0.0.1'].filter(Boolean).join(',')
  return new EnvHttpProxyAgent({ ...settings, httpProxy: httpsProxy, httpsProxy, noProxy })
}

function refuseOpenBind(host: string | undefined, isAllowed: boolean): void {
  if (host === undefined || isLoopback(host) || isAllowed) return
  throw new AppError('relay.bind-refused', `RELAY_HOST is ${host}, which others on the network can reach.`)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)))
    server.listen(port, host, resolve)
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new AppError('port.taken', `${host}:${port} is taken by another program.`, { cause: error })
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL')
    return new AppError('port.forbidden', `This user may not listen on ${host}:${port}.`, { cause: error })
  return error
}

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve())
    else resolve()
  })
}

function logLevel(env: Env): LogLevel {
  const level = env.LOG_LEVEL?.toLowerCase()
  return level === 'debug' || level === 'warn' || level === 'error' || level === 'silent' ? level : 'info'
}
