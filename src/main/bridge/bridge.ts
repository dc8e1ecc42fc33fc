import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Profile, Settings } from '../../shared/settings/schema.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import type { DesktopState } from '../../shared/state/desktop.ts'
import { isRelaySwitchedOff } from '../../shared/state/part-health.ts'
import type { BridgeLog } from '../logs/bridge-log.ts'
import type { SecretKeeper } from '../secrets/secret-keeper.ts'
import { type ResolveOptions, resolveHost } from '../ssh/config/resolve-host.ts'
import type { SshLink, SshTarget } from '../ssh/link.ts'
import type { SessionMemory } from '../ssh/session-memory.ts'
import { createSshLink } from '../ssh/ssh-link.ts'
import type { BridgeCore } from './bridge-core.ts'
import type { MakeServices } from './bridge-services.ts'
import type { ClientTunnel } from './client-tunnel.ts'
import { EmbeddedRelay, type EmbeddedRelayOptions } from './embedded-relay.ts'
import { activeProfile, initialState, offeredOllama, placeOf, targetOf } from './profile.ts'
import { PromptDesk } from './prompt-desk.ts'
import { ProxyHost, type ProxySurroundings } from './proxy-host.ts'
import { RelayAdmin } from './relay-admin.ts'
import type { RelayConnector } from './relay-connector.ts'
import { RelayDial } from './relay-dial.ts'
import { Session } from './session.ts'
import { SshRelay } from './ssh-relay.ts'
import { StateStore } from './state-store.ts'
import { UrlRelay } from './url-relay.ts'

export interface BridgeOptions {
  readonly settings: Settings
  readonly ssh: ResolveOptions
  readonly embeddedRelay: EmbeddedRelayOptions
  /** What a face may ask that is about the computer around the bridge, and not about its connections. */
  readonly services: MakeServices
  /** What the proxy of this computer needs, besides its settings. */
  readonly proxy: ProxySurroundings
  /** Keeps passphrases between runs, where the settings want them kept. */
  readonly secrets: SecretKeeper
  /** Lets a later run recognise the sessions that this one leaves behind when it is killed. */
  readonly sessions?: SessionMemory
  readonly ambient: Ambient
  readonly log: Logger
  /** The same log, where the settings decide how much it says. */
  readonly logs?: BridgeLog | undefined
}

const DRAIN_MS = 5_000

/**
 * One profile brought to life: the way to the relay, a tunnel to every client, and the agent's port on this
 * computer. Owns the one BridgeState; faces see it through `api` and change it through nothing else.
 */
export class Bridge implements BridgeCore {
  readonly api: BridgeApi
  private readonly options: BridgeOptions
  private readonly store: StateStore
  private readonly prompts: PromptDesk
  private readonly settingsListeners = new Set<() => void>()
  private currentSettings: Settings
  private currentProfile: Profile
  private session: Session | undefined
  /** Connects and disconnects happen one after the other. */
  private turn: Promise<void> = Promise.resolve()

  constructor(options: BridgeOptions) {
    this.options = options
    this.currentSettings = options.settings
    this.currentProfile = activeProfile(options.settings)
    this.store = new StateStore({
      ...initialState(this.currentProfile, options.ambient.now()),
      secrets: options.secrets.state,
      ...(options.logs === undefined ? {} : { logs: options.logs.state }),
    })
    this.prompts = new PromptDesk(options.ambient, (prompts) => this.store.update({ prompts }))
    this.api = this.createApi()
  }

  get state(): BridgeState {
    return this.store.state
  }

  get settings(): Settings {
    return this.currentSettings
  }

  get profile(): Profile {
    return this.currentProfile
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

  update(change: Partial<Pick<BridgeState, 'jobs' | 'ollama' | 'vpn'>>): void {
    this.store.update(change)
  }

  setDesktop(desktop: DesktopState): void {
    this.store.update({ desktop })
  }

  onState(listener: (state: BridgeState) => void): () => void {
    return this.store.observe(listener)
  }

  relay(): RelayConnector {
    return this.current.relay
  }

  askRelayHealth(): void {
    this.session?.askHealth()
  }

  clientLink(name: string): SshLink {
    return this.clientNamed(name).currentLink
  }

  onSettings(listener: () => void): () => void {
    this.settingsListeners.add(listener)
    return () => this.settingsListeners.delete(listener)
  }

  applySettings(settings: Settings): Promise<void> {
    return this.inTurn(() => this.use(settings))
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
    const { ambient, log } = this.options
    this.session ??= new Session({
      profile: this.currentProfile,
      createRelay: (profile) => this.createRelay(profile),
      createLink: (target) => this.createLink(target),
      createProxy: (settings, publish, before) =>
        new ProxyHost({ ...this.options.proxy, settings, publish, before, ambient, log }),
      state: () => this.state,
      publish: (change) => this.store.update(change),
      ambient,
      log,
    })
  }

  private async end(drainMs: number): Promise<void> {
    const { session } = this
    if (session === undefined) return
    this.session = undefined
    this.store.update({ wanted: 'disconnected' })
    await session.close(drainMs)
  }

  private async use(settings: Settings): Promise<void> {
    const profile = activeProfile(settings)
    await this.keepSecrets(settings)
    this.followLogs(settings)
    this.currentSettings = settings
    this.currentProfile = profile
    if (this.session === undefined) {
      const { relay, clients, egress } = initialState(profile, 0)
      // A server that could not be stopped is still told of.
      const { tunnel } = this.state.egress
      this.store.update({ profile: profile.name, relay, clients, egress: { ...egress, tunnel } })
    } else {
      this.store.update({ profile: profile.name })
      this.session.apply(profile)
    }
    for (const listener of this.settingsListeners) listener()
  }

  private async keepSecrets({ secrets: choice }: Settings): Promise<void> {
    const { secrets } = this.options
    if (choice === this.currentSettings.secrets) return
    await secrets.choose(choice)
    this.store.update({ secrets: secrets.state })
  }

  private followLogs({ logs: choice }: Settings): void {
    const { logs } = this.options
    if (logs === undefined) return
    logs.follow(choice)
    this.store.update({ logs: logs.state })
  }

  private createRelay(profile: Profile): RelayConnector {
    const { ambient, embeddedRelay } = this.options
    const { relay: settings } = profile
    if ('embedded' in settings) {
      const embedded = new EmbeddedRelay(embeddedRelay, ambient)
      embedded.offerOllama(offeredOllama(profile))
      return embedded
    }
    if ('url' in settings) return new UrlRelay(new RelayDial(settings, this.options.ssh.home), ambient)
    return new SshRelay({
      link: this.createLink(targetOf(settings.ssh)),
      host: placeOf(settings.ssh),
      port: settings.port,
      adminSocket: settings.adminSocket,
    })
  }

  createLink(target: SshTarget): SshLink {
    const { ambient, log, secrets, sessions, ssh } = this.options
    return createSshLink({
      target,
      resolve: () => resolveHost(target, ssh),
      prompts: this.prompts,
      secrets: () => secrets.store(),
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
      probe: async () => this.current.probe(),
      answerPrompt: async ({ id, answer }) => this.prompts.answer(id, answer),
      setClientEnabled: async ({ name, enabled }) => this.clientNamed(name).setEnabled(enabled),
      setRelayEnabled: ({ enabled }) => this.inTurn(() => this.current.setRelayEnabled(enabled)),
      setTunnelAwake: ({ awake }) => this.current.proxy.setTunnelAwake(awake),
      useOtherPort: async ({ target, port }) => {
        if (target === 'agent') await this.current.agent.useOtherPort(port)
        else await this.clientNamed(target).useOtherPort(port)
      },
      getSettings: async () => this.settings,
      relaySignInStatus: () => admin((relay) => relay.signInStatus()),
      startSignIn: ({ identity }) => admin((relay) => relay.startSignIn(identity)),
      pollSignIn: async ({ flowId }) => {
        const status = await admin((relay) => relay.pollSignIn(flowId))
        if (status.status === 'success') this.askRelayHealth()
        return status
      },
      giveCredential: async ({ kind, secret }) => {
        const status = await admin((relay) => relay.giveCredential(kind, secret))
        this.askRelayHealth()
        return status
      },
      stopSignIn: ({ flowId }) => admin((relay) => relay.stopSignIn(flowId)),
      signOut: async ({ upstream }) => {
        await admin((relay) => relay.signOut(upstream))
        this.askRelayHealth()
      },
      relayUsage: () => admin((relay) => relay.usage()),
      ...this.options.services(this),
    }
  }

  private get current(): Session {
    if (this.session !== undefined) return this.session
    throw new AppError('bridge.disconnected', 'The bridge is disconnected.')
  }

  private retryNow(target: string | undefined): void {
    const { relay, clients, agent, proxy } = this.current
    // What was switched off is not meant by "everything".
    const isOff = isRelaySwitchedOff(this.state)
    if (target === 'relay' || (target === undefined && !isOff)) relay.retryNow()
    if (target === undefined || target === 'agent') agent.retryNow()
    if (target === undefined || target === 'tunnel') proxy.retryNow()
    if (target === 'relay' || target === 'agent' || target === 'tunnel') return
    for (const client of target === undefined ? clients : [this.clientNamed(target)]) client.retryNow()
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
