import type { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { splice } from '../../node/splice.ts'
import type { EgressSettings } from '../../shared/settings/egress.ts'
import type { ClientSettings, Profile, RelaySettings } from '../../shared/settings/schema.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import type { EgressState } from '../../shared/state/egress.ts'
import { IDLE } from '../../shared/state/link.ts'
import { type Agent, startAgent } from '../agent/agent.ts'
import { LEAVE_MS } from '../egress/egress.ts'
import { parseListenAddress } from '../settings/address.ts'
import type { SshLink, SshTarget } from '../ssh/link.ts'
import { ClientTunnel } from './client-tunnel.ts'
import { DisturbanceWatch } from './disturbance-watch.ts'
import { EmbeddedRelay } from './embedded-relay.ts'
import { offeredOllama, placeOf, relayPlace, targetOf } from './profile.ts'
import type { ProxyHost } from './proxy-host.ts'
import { refuseInWords } from './refuse-in-words.ts'
import type { RelayConnector } from './relay-connector.ts'
import { RelayHealthMonitor } from './relay-health.ts'
import type { StateChange } from './state-store.ts'
import { SwitchedOffRelay } from './switched-off-relay.ts'

export interface SessionOptions {
  readonly profile: Profile
  readonly createRelay: (profile: Profile) => RelayConnector
  readonly createLink: (target: SshTarget) => SshLink
  readonly createProxy: (
    settings: EgressSettings,
    publish: (state: EgressState) => void,
    before: ProxyHost | undefined,
  ) => ProxyHost
  readonly state: () => BridgeState
  readonly publish: (change: StateChange) => void
  readonly ambient: Ambient
  readonly log: Logger
}

/** How long connections of something that the settings have no place for any more may go on. */
const RETIRE_MS = 5_000

/**
 * Everything that runs while the user wants to be connected; `close` ends it. The profile may change meanwhile:
 * what it does not touch goes on, and what is replaced says nothing any more.
 */
export class Session {
  private readonly options: SessionOptions
  private readonly watch: DisturbanceWatch
  private readonly ended = new AbortController()
  /** Replaced parts whose last connections are still running. */
  private readonly retiring = new Set<Promise<void>>()
  /** Those of them that need not hurry while this one is connected. */
  private readonly leaving = new Set<ProxyHost>()
  private isClosing = false
  private profile: Profile
  private connector: RelayConnector
  private isRelayOff = false
  /** Settled when the last relay that was replaced is gone: two in one process would share its files. */
  private relayGone: Promise<void> = Promise.resolve()
  private monitor: RelayHealthMonitor
  private tunnels: readonly ClientTunnel[] = []
  private localAgent: Agent
  private proxyHost: ProxyHost

  constructor(options: SessionOptions) {
    const { ambient, log, profile } = options
    this.options = options
    this.profile = profile
    this.tunnels = profile.clients.map((client) => this.createTunnel(client))
    this.proxyHost = this.openProxy(profile.egress)
    this.localAgent = this.openAgent()
    this.connector = options.createRelay(profile)
    this.monitor = this.watchHealth(this.connector)
    this.watch = new DisturbanceWatch({
      ambient,
      onDisturbance: (kind) => {
        log.info({ kind }, 'Looking whether everything is still connected')
        this.probe()
      },
    })
    options.publish({ wanted: 'connected', agent: this.localAgent.state })
    this.startRelay(this.connector)
    this.proxyHost.start()
    for (const tunnel of this.tunnels) tunnel.start()
  }

  get relay(): RelayConnector {
    return this.connector
  }

  get clients(): readonly ClientTunnel[] {
    return this.tunnels
  }

  get agent(): Agent {
    return this.localAgent
  }

  get proxy(): ProxyHost {
    return this.proxyHost
  }

  /** Leaves every client connected; what they ask meanwhile is refused with the reason. */
  async setRelayEnabled(enabled: boolean): Promise<void> {
    if (this.isRelayOff !== enabled) return
    this.isRelayOff = !enabled
    if (enabled) await this.relayGone
    // Somebody may have changed their mind, or disconnected, while the one before was ending.
    const isStillWanted = this.isRelayOff !== enabled && !this.isClosing
    if (isStillWanted) this.replaceRelay(this.profile.relay)
  }

  askHealth(): void {
    this.monitor.askNow()
  }

  probe(): void {
    this.connector.probe()
    for (const tunnel of this.tunnels) tunnel.probe()
    this.monitor.askNow()
  }

  /** Replaces what differs; connections through the rest are not touched. */
  apply(profile: Profile): void {
    const before = this.profile
    this.profile = profile
    if (!isDeepStrictEqual(before.relay, profile.relay)) this.replaceRelay(profile.relay)
    else if (this.connector instanceof EmbeddedRelay) this.connector.offerOllama(offeredOllama(profile))
    if (!isDeepStrictEqual(before.egress, profile.egress)) this.replaceProxy(profile.egress)
    if (before.agent.listen !== profile.agent.listen) this.replaceAgent()
    this.replaceClients(before.clients, profile.clients)
  }

  /** Lets connections finish for up to `drainMs`. */
  async close(drainMs: number): Promise<void> {
    const { connector, localAgent, proxyHost, tunnels } = this
    this.isClosing = true
    this.watch.close()
    this.monitor.close()
    // Before whoever uses it is closed, which waits for the connections that have something under way.
    connector.drain(drainMs)
    await Promise.all([
      proxyHost.close(drainMs),
      ...[...this.leaving].map((proxy) => proxy.close(drainMs)),
      localAgent.close(drainMs),
      ...tunnels.map((tunnel) => tunnel.close(drainMs)),
    ])
    this.ended.abort()
    await Promise.all([connector.close(drainMs), ...this.retiring])
    this.options.publish({
      agent: { phase: 'off' },
      relay: { ...this.options.state().relay, link: IDLE, health: { kind: 'unknown' } },
      clients: tunnels.map(({ state }) => state),
    })
  }

  private openRelay(signal: AbortSignal): Promise<Duplex> {
    return this.connector.open(AbortSignal.any([signal, this.ended.signal]))
  }

  private replaceRelay(settings: RelaySettings): void {
    const { connector, monitor } = this
    monitor.close()
    connector.drain(RETIRE_MS)
    this.relayGone = connector.close(RETIRE_MS)
    this.retire(this.relayGone)
    this.connector = this.isRelayOff ? this.noRelay(settings) : this.options.createRelay(this.profile)
    this.monitor = this.watchHealth(this.connector)
    this.publishRelay({ ...relayPlace(settings), health: { kind: 'unknown' } })
    this.startRelay(this.connector)
  }

  private noRelay(settings: RelaySettings): RelayConnector {
    const onWanted = (): void => void this.setRelayEnabled(true)
    return new SwitchedOffRelay({ ...relayPlace(settings), since: this.options.ambient.now(), onWanted })
  }

  private startRelay(relay: RelayConnector): void {
    relay.onLink((link) => {
      if (this.connector === relay) this.publishRelay({ link })
    })
    relay.start()
    this.publishRelay({ link: relay.link })
  }

  private watchHealth(relay: RelayConnector): RelayHealthMonitor {
    return new RelayHealthMonitor(relay, this.options.ambient, (health) => {
      if (this.connector !== relay) return
      const wasOk = this.options.state().relay.health.kind === 'ok'
      this.publishRelay({ health })
      if (health.kind === 'ok' && !wasOk) for (const tunnel of this.tunnels) void tunnel.provePath()
    })
  }

  private publishRelay(change: Partial<BridgeState['relay']>): void {
    this.options.publish({ relay: { ...this.options.state().relay, ...change } })
  }

  private openProxy(settings: EgressSettings, before?: ProxyHost): ProxyHost {
    const publish = (egress: EgressState): void => {
      if (this.proxyHost === proxy) this.options.publish({ egress })
    }
    const proxy: ProxyHost = this.options.createProxy(settings, publish, before)
    return proxy
  }

  private replaceProxy(settings: EgressSettings): void {
    const before = this.proxyHost
    this.proxyHost = this.openProxy(settings, before)
    this.leaving.add(before)
    this.retire(before.close(LEAVE_MS).finally(() => this.leaving.delete(before)))
    this.proxyHost.start()
    this.proxyHost.followAgent(this.localAgent.state)
  }

  private replaceAgent(): void {
    this.retire(this.localAgent.close(RETIRE_MS))
    this.localAgent = this.openAgent()
    this.options.publish({ agent: this.localAgent.state })
  }

  private openAgent(): Agent {
    const { ambient, log, publish } = this.options
    const agent = startAgent({
      address: parseListenAddress(this.profile.agent.listen),
      onRelayConnection: (socket) => void joinRelay(socket, this.openRelay(this.ended.signal)),
      // Asked anew each time: the settings may give it another one.
      proxy: {
        handle: (socket, bytes) => this.proxyHost.handle(socket, bytes),
        pacFor: (authority) => this.proxyHost.pacFor(authority),
        health: () => this.proxyHost.health(),
      },
      ambient,
      log,
    })
    agent.onState((state) => {
      if (this.localAgent !== agent) return
      this.proxyHost.followAgent(state)
      publish({ agent: state })
    })
    return agent
  }

  /** A client is the same as long as it is the same machine and the same address there; its name may change. */
  private replaceClients(before: readonly ClientSettings[], after: readonly ClientSettings[]): void {
    const running = new Map(before.map((client, index) => [client, this.tunnels[index]]))
    const fresh: ClientTunnel[] = []
    const next = after.map((client) => {
      const [known, tunnel] = [...running].find(([other]) => isSamePlace(other, client)) ?? []
      if (known === undefined || tunnel === undefined) {
        const created = this.createTunnel(client)
        fresh.push(created)
        return created
      }
      running.delete(known)
      tunnel.rename(client.name)
      if (known.enabled !== client.enabled) void tunnel.setEnabled(client.enabled)
      return tunnel
    })
    const closing = [...running.values()].map((tunnel) => tunnel?.close(RETIRE_MS))
    for (const closed of closing) if (closed !== undefined) this.retire(closed)
    this.tunnels = next
    this.publishClients()
    // An address on a host has to be free before another connection can ask for it.
    void Promise.all(closing).then(() => {
      for (const tunnel of fresh)
        if (!this.ended.signal.aborted && this.tunnels.includes(tunnel)) tunnel.start()
    })
  }

  private createTunnel(client: ClientSettings): ClientTunnel {
    return new ClientTunnel({
      name: client.name,
      place: placeOf(client.ssh),
      listen: parseListenAddress(client.listen),
      enabled: client.enabled,
      createLink: () => this.options.createLink(targetOf(client.ssh)),
      openRelay: (signal) => this.openRelay(signal),
      ambient: this.options.ambient,
      onChange: () => this.publishClients(),
    })
  }

  private publishClients(): void {
    if (!this.ended.signal.aborted) this.options.publish({ clients: this.tunnels.map(({ state }) => state) })
  }

  private retire(closing: Promise<void>): void {
    const done = closing.finally(() => this.retiring.delete(done))
    this.retiring.add(done)
  }
}

function isSamePlace(one: ClientSettings, other: ClientSettings): boolean {
  return isDeepStrictEqual(one.ssh, other.ssh) && one.listen === other.listen
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
