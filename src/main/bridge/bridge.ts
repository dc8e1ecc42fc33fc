import type { Duplex } from 'node:stream'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ClientSettings, Profile, Settings } from '../../shared/settings/schema.ts'
import type { BridgeState, RelayState } from '../../shared/state/bridge-state.ts'
import type { DesktopState } from '../../shared/state/desktop.ts'
import { IDLE } from '../../shared/state/link.ts'
import { type Agent, startAgent } from '../agent/agent.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import { parseListenAddress } from '../settings/address.ts'
import { type ResolveOptions, resolveHost } from '../ssh/config/resolve-host.ts'
import type { SshLink, SshTarget } from '../ssh/link.ts'
import type { SessionMemory } from '../ssh/session-memory.ts'
import { splice } from '../ssh/splice.ts'
import { createSshLink } from '../ssh/ssh-link.ts'
import type { BridgeCore } from './bridge-core.ts'
import type { MakeServices } from './bridge-services.ts'
import { ClientTunnel } from './client-tunnel.ts'
import { DisturbanceWatch } from './disturbance-watch.ts'
import { EmbeddedRelay, type EmbeddedRelayOptions } from './embedded-relay.ts'
import { activeProfile, initialState, placeOf, targetOf } from './profile.ts'
import { PromptDesk } from './prompt-desk.ts'
import { refuseInWords } from './refuse-in-words.ts'
import { RelayAdmin } from './relay-admin.ts'
import type { RelayConnector } from './relay-connector.ts'
import { RelayDial } from './relay-dial.ts'
import { RelayHealthMonitor } from './relay-health.ts'
import { SshRelay } from './ssh-relay.ts'
import { StateStore } from './state-store.ts'
import { UrlRelay } from './url-relay.ts'

export interface BridgeOptions {
  readonly settings: Settings
  readonly ssh: ResolveOptions
  readonly embeddedRelay: EmbeddedRelayOptions
  /** What a face may ask that is about the computer around the bridge, and not about its connections. */
  readonly services: MakeServices
  /** Keeps passphrases between runs; without one nobody is offered to have them kept. */
  readonly secrets: SecretStore | undefined
  /** Lets a later run recognise the sessions that this one leaves behind when it is killed. */
  readonly sessions?: SessionMemory
  readonly ambient: Ambient
  readonly log: Logger
}

/** Everything that runs while the user wants to be connected; made by `connect`, ended by `disconnect`. */
interface Session {
  readonly relay: RelayConnector
  readonly health: RelayHealthMonitor
  readonly clients: readonly ClientTunnel[]
  readonly agent: Agent
  readonly watch: DisturbanceWatch
  readonly ended: AbortController
}

const DRAIN_MS = 5_000

/**
 * One profile brought to life: the way to the relay, a tunnel to every client, and the agent's port on this
 * computer. Owns the one BridgeState; faces see it through `api` and change it through nothing else.
 */
export class Bridge implements BridgeCore {
  readonly api: BridgeApi
  readonly profile: Profile
  private readonly options: BridgeOptions
  private readonly store: StateStore
  private readonly prompts: PromptDesk
  private session: Session | undefined
  /** Connects and disconnects happen one after the other. */
  private turn: Promise<void> = Promise.resolve()

  constructor(options: BridgeOptions) {
    this.options = options
    this.profile = activeProfile(options.settings)
    this.store = new StateStore(initialState(this.profile, options.ambient.now()))
    this.prompts = new PromptDesk(options.ambient, (prompts) => this.store.update({ prompts }))
    this.api = this.createApi()
  }

  get state(): BridgeState {
    return this.store.state
  }

  get settings(): Settings {
    return this.options.settings
  }

  get ssh(): ResolveOptions {
    return this.options.ssh
  }

  get ambient(): Ambient {
    return this.options.ambient
  }

  get log(): Logger {
    return this.options.log
  }

  get isWatched(): boolean {
    return this.store.isWatched
  }

  update(change: Partial<Pick<BridgeState, 'jobs' | 'ollama'>>): void {
    this.store.update(change)
  }

  setDesktop(desktop: DesktopState): void {
    this.store.update({ desktop })
  }

  onState(listener: (state: BridgeState) => void): () => void {
    return this.store.subscribe(listener)
  }

  relay(): RelayConnector {
    return this.current.relay
  }

  askRelayHealth(): void {
    this.session?.health.askNow()
  }

  connect(): Promise<void> {
    return this.inTurn(async () => this.open())
  }

  disconnect(drainMs = DRAIN_MS): Promise<void> {
    return this.inTurn(() => this.end(drainMs))
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work, work)
    return this.turn
  }

  private open(): void {
    if (this.session !== undefined) return
    const { ambient, log } = this.options
    const ended = new AbortController()
    const relay = this.createRelay()
    const openRelay = (signal: AbortSignal): Promise<Duplex> =>
      relay.open(AbortSignal.any([signal, ended.signal]))
    const clients = this.profile.clients.map((client) => this.createTunnel(client, openRelay))
    const agent = startAgent({
      address: parseListenAddress(this.profile.agent.listen),
      onRelayConnection: (socket) => void joinRelay(socket, openRelay(ended.signal)),
      ambient,
      log,
    })
    const health = new RelayHealthMonitor(relay, ambient, (state) => {
      const wasOk = this.state.relay.health.kind === 'ok'
      this.updateRelay({ health: state })
      if (state.kind === 'ok' && !wasOk) for (const client of clients) void client.provePath()
    })
    const watch = new DisturbanceWatch({
      ambient,
      onDisturbance: (kind) => {
        log.info({ kind }, 'Looking whether everything is still connected')
        this.probe()
      },
    })
    this.session = { relay, health, clients, agent, watch, ended }
    this.store.update({ wanted: 'connected', agent: agent.state })
    agent.onState((state) => this.store.update({ agent: state }))
    relay.onLink((link) => this.updateRelay({ link }))
    relay.start()
    this.updateRelay({ link: relay.link })
    for (const client of clients) client.start()
  }

  private async end(drainMs: number): Promise<void> {
    const { session } = this
    if (session === undefined) return
    this.session = undefined
    this.store.update({ wanted: 'disconnected' })
    const { relay, health, clients, agent, watch, ended } = session
    watch.close()
    health.close()
    // Before whoever uses it is closed, which waits for the connections that have something under way.
    relay.drain(drainMs)
    await Promise.all([agent.close(drainMs), ...clients.map((client) => client.close(drainMs))])
    ended.abort()
    await relay.close(drainMs)
    this.store.update({
      agent: { phase: 'off' },
      relay: { ...this.state.relay, link: IDLE, health: { kind: 'unknown' } },
      clients: clients.map(({ state }) => state),
    })
  }

  private updateRelay(change: Partial<RelayState>): void {
    this.store.update({ relay: { ...this.state.relay, ...change } })
  }

  private publishClients(): void {
    if (this.session !== undefined)
      this.store.update({ clients: this.session.clients.map(({ state }) => state) })
  }

  private createRelay(): RelayConnector {
    const { ambient, embeddedRelay } = this.options
    const { relay } = this.profile
    if ('embedded' in relay) return new EmbeddedRelay(embeddedRelay, ambient)
    if ('url' in relay) return new UrlRelay(new RelayDial(relay, this.options.ssh.home), ambient)
    const target = targetOf(relay.ssh)
    return new SshRelay({
      link: this.createLink(target),
      host: placeOf(relay.ssh),
      port: relay.port,
      adminSocket: relay.adminSocket,
    })
  }

  private createTunnel(
    client: ClientSettings,
    openRelay: (signal: AbortSignal) => Promise<Duplex>,
  ): ClientTunnel {
    return new ClientTunnel({
      name: client.name,
      place: placeOf(client.ssh),
      listen: parseListenAddress(client.listen),
      enabled: client.enabled,
      createLink: () => this.createLink(targetOf(client.ssh)),
      openRelay,
      ambient: this.options.ambient,
      onChange: () => this.publishClients(),
    })
  }

  createLink(target: SshTarget): SshLink {
    const { ambient, log, secrets, sessions, ssh } = this.options
    return createSshLink({
      target,
      resolve: () => resolveHost(target, ssh),
      prompts: this.prompts,
      secrets,
      ambient,
      ...(sessions === undefined ? {} : { sessions }),
      log,
    })
  }

  private createApi(): BridgeApi {
    const admin = async <T>(use: (admin: RelayAdmin) => Promise<T>): Promise<T> =>
      use(new RelayAdmin(this.current.relay))
    return {
      on: (_event, listener) => this.store.subscribe(listener),
      getState: async () => this.state,
      connect: () => this.connect(),
      disconnect: () => this.disconnect(),
      retryNow: async ({ target }) => this.retryNow(target),
      probe: async () => this.probe(),
      answerPrompt: async ({ id, answer }) => this.prompts.answer(id, answer),
      setClientEnabled: async ({ name, enabled }) => this.clientNamed(name).setEnabled(enabled),
      useOtherPort: async ({ target, port }) => {
        if (target === 'agent') await this.current.agent.useOtherPort(port)
        else await this.clientNamed(target).useOtherPort(port)
      },
      getSettings: async () => this.options.settings,
      relaySignInStatus: () => admin((relay) => relay.signInStatus()),
      startSignIn: ({ identity }) => admin((relay) => relay.startSignIn(identity)),
      pollSignIn: async ({ flowId }) => {
        const status = await admin((relay) => relay.pollSignIn(flowId))
        if (status.status === 'success') this.current.health.askNow()
        return status
      },
      giveCredential: async ({ kind, secret }) => {
        const status = await admin((relay) => relay.giveCredential(kind, secret))
        this.current.health.askNow()
        return status
      },
      signOut: () => admin((relay) => relay.signOut()),
      relayUsage: () => admin((relay) => relay.usage()),
      ...this.options.services(this),
    }
  }

  private get current(): Session {
    if (this.session !== undefined) return this.session
    throw new AppError('bridge.disconnected', 'The bridge is disconnected.')
  }

  private retryNow(target: string | undefined): void {
    const { relay, clients, agent } = this.current
    if (target === undefined || target === 'relay') relay.retryNow()
    if (target === undefined || target === 'agent') agent.retryNow()
    if (target === 'relay' || target === 'agent') return
    for (const client of target === undefined ? clients : [this.clientNamed(target)]) client.retryNow()
  }

  private probe(): void {
    const { relay, clients, health } = this.current
    relay.probe()
    for (const client of clients) client.probe()
    health.askNow()
  }

  private clientNamed(name: string): ClientTunnel {
    const { clients } = this.current
    const client = clients.find((candidate) => candidate.name === name)
    if (client !== undefined) return client
    const names = clients.map((candidate) => `"${candidate.name}"`).join(', ')
    throw new AppError('api.not-found', `There is no client named "${name}" in this profile.`, {
      remedy: names === '' ? 'It has none.' : `It has ${names}.`,
    })
  }
}

async function joinRelay(socket: Duplex, opening: Promise<Duplex>): Promise<void> {
  // Reported by the splice; before it runs there is nobody to tell.
  socket.on('error', () => undefined)
  try {
    const relay = await opening
    if (socket.destroyed) relay.destroy()
    else await splice(socket, relay)
  } catch (error) {
    refuseInWords(socket, error)
  }
}
