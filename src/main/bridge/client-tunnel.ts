import type { Duplex } from 'node:stream'
import type { Ambient } from '../../node/ambient.ts'
import { type SpliceCounters, splice } from '../../node/splice.ts'
import { AppError, toFailure } from '../../shared/errors/app-error.ts'
import {
  type ClientState,
  type ListenAddress,
  type ListenerState,
  NO_TRAFFIC,
  type PathProof,
  type Traffic,
} from '../../shared/state/bridge-state.ts'
import { IDLE } from '../../shared/state/link.ts'
import type { ReverseListener, SshLink } from '../ssh/link.ts'
import { httpOver } from './http-over.ts'
import { refuseInWords } from './refuse-in-words.ts'
import { readHealth } from './relay-health.ts'

export interface ClientTunnelOptions {
  readonly name: string
  readonly place: string
  readonly listen: ListenAddress
  readonly enabled: boolean
  readonly createLink: () => SshLink
  /** A connection to the relay; rejects with AppError. */
  readonly openRelay: (signal: AbortSignal) => Promise<Duplex>
  readonly ambient: Ambient
  readonly onChange: () => void
}

const PROOF_WITHIN_MS = 10_000
const PROVE_AGAIN_MS = 60_000
const PROVE_BROKEN_AGAIN_MS = 5_000
/** Bytes change too often to publish each; this is often enough for a person. */
const TRAFFIC_EVERY_MS = 1_000

/** One client machine: its SSH connection, the address it sees, and what crosses. */
export class ClientTunnel {
  private readonly options: ClientTunnelOptions
  private readonly running = new Set<SpliceCounters>()
  private link: SshLink | undefined
  private listener: ReverseListener | undefined
  private currentName: string
  private address: ListenAddress
  private enabled: boolean
  private path: PathProof = { kind: 'unproven' }
  private past = { toClient: 0, fromClient: 0, channels: 0 }
  private traffic: Traffic = NO_TRAFFIC
  private trafficTimer: NodeJS.Timeout | undefined
  private proofTimer: NodeJS.Timeout | undefined
  private session = new AbortController()
  private isStarted = false

  constructor(options: ClientTunnelOptions) {
    this.options = options
    this.currentName = options.name
    this.address = options.listen
    this.enabled = options.enabled
  }

  get name(): string {
    return this.currentName
  }

  /** @throws AppError `ssh.not-connected` while the client is left out. */
  get currentLink(): SshLink {
    if (this.link !== undefined) return this.link
    throw new AppError(
      'ssh.not-connected',
      `${this.name} is left out at the moment, so there is no connection.`,
      {
        remedy: 'Switch the client on first.',
      },
    )
  }

  get state(): ClientState {
    return {
      name: this.currentName,
      place: this.options.place,
      enabled: this.enabled,
      link: this.link?.state ?? IDLE,
      listen: this.address,
      listener: this.listener?.state ?? OFF,
      path: this.path,
      traffic: this.traffic,
    }
  }

  start(): void {
    this.isStarted = true
    if (!this.enabled || this.link !== undefined) return
    this.session = new AbortController()
    const link = this.options.createLink()
    this.link = link
    link.onState(({ phase }) => {
      // The address may listen before the link is proven, or after it.
      if (phase === 'connected') void this.provePath()
      this.changed()
    })
    this.listenOn(link)
    this.trafficTimer = setInterval(() => this.countTraffic(), TRAFFIC_EVERY_MS)
    link.start()
    this.changed()
  }

  rename(name: string): void {
    this.currentName = name
  }

  retryNow(): void {
    this.link?.retryNow()
  }

  probe(): void {
    this.link?.probe()
  }

  async setEnabled(enabled: boolean): Promise<void> {
    if (this.enabled === enabled) return
    this.enabled = enabled
    if (enabled && this.isStarted) this.start()
    if (!enabled) await this.stop(0)
    this.changed()
  }

  /** For this run only. */
  async useOtherPort(port: number): Promise<void> {
    const host = this.address.kind === 'tcp' ? this.address.host : '127.0.0.1'
    this.address = { kind: 'tcp', host, port }
    const { link, listener } = this
    this.listener = undefined
    await listener?.close()
    // Another choice or an end may have come meanwhile.
    if (link !== undefined && link === this.link && this.listener === undefined) this.listenOn(link)
    this.changed()
  }

  /** Idempotent. */
  async close(drainMs: number): Promise<void> {
    this.isStarted = false
    await this.stop(drainMs)
  }

  /** Sends a request from the client's own loopback all the way to the relay and back. */
  async provePath(): Promise<void> {
    const { link, listener, session } = this
    clearTimeout(this.proofTimer)
    if (link?.state.phase !== 'connected' || listener?.state.phase !== 'listening') return
    const path = await this.tryPath(link, session.signal)
    // An answer about a connection or an address that has gone meanwhile says nothing about the present one.
    if (session.signal.aborted || listener !== this.listener || listener.state.phase !== 'listening') return
    this.path = path
    this.changed()
    clearTimeout(this.proofTimer)
    const againMs = path.kind === 'broken' ? PROVE_BROKEN_AGAIN_MS : PROVE_AGAIN_MS
    this.proofTimer = setTimeout(() => void this.provePath(), againMs)
  }

  private async stop(drainMs: number): Promise<void> {
    const { link, session } = this
    if (link === undefined) return
    clearInterval(this.trafficTimer)
    clearTimeout(this.proofTimer)
    this.link = undefined
    this.listener = undefined
    this.path = { kind: 'unproven' }
    await link.close(drainMs)
    session.abort()
    this.countTraffic()
    this.changed()
  }

  private listenOn(link: SshLink): void {
    const listener = link.listen(this.address, (channel) => void this.join(channel))
    this.listener = listener
    listener.onState((state) => {
      if (this.listener !== listener) return
      if (state.phase === 'listening') void this.provePath()
      else this.path = { kind: 'unproven' }
      this.changed()
    })
  }

  private async join(channel: Duplex): Promise<void> {
    const counters: SpliceCounters = { aToB: 0, bToA: 0 }
    this.running.add(counters)
    this.past.channels += 1
    // Reported by the splice; before it runs there is nobody to tell.
    const ignore = (): void => undefined
    channel.on('error', ignore)
    try {
      const relay = await this.options.openRelay(this.session.signal)
      if (channel.destroyed) relay.destroy()
      else await splice(channel, relay, counters)
    } catch (error) {
      refuseInWords(channel, error)
    } finally {
      this.running.delete(counters)
      this.past.fromClient += counters.aToB
      this.past.toClient += counters.bToA
    }
  }

  private countTraffic(): void {
    const { past, running, traffic } = this
    let bytesFromClient = past.fromClient
    let bytesToClient = past.toClient
    for (const { aToB, bToA } of running) {
      bytesFromClient += aToB
      bytesToClient += bToA
    }
    const hasMoved = bytesFromClient !== traffic.bytesFromClient || bytesToClient !== traffic.bytesToClient
    if (!hasMoved && running.size === traffic.openChannels && past.channels === traffic.totalChannels) return
    this.traffic = {
      bytesFromClient,
      bytesToClient,
      openChannels: running.size,
      totalChannels: past.channels,
      lastByteAt: hasMoved ? this.options.ambient.now() : traffic.lastByteAt,
    }
    this.changed()
  }

  private async tryPath(link: SshLink, stopped: AbortSignal): Promise<PathProof> {
    const { ambient } = this.options
    const startedAt = ambient.monotonicMs()
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(PROOF_WITHIN_MS)])
    try {
      const target = this.address.kind === 'tcp' ? this.address : { socketPath: this.address.path }
      const answer = await httpOver(await link.openChannel(target, signal), {
        method: 'GET',
        path: '/health',
        signal,
      })
      if (answer.status === 503) throw bridgeRefusal(answer.text)
      readHealth(answer, this.options.place)
      return { kind: 'proven', at: ambient.now(), roundTripMs: ambient.monotonicMs() - startedAt }
    } catch (error) {
      const cause = toFailure(error)
      if (cause.code === 'ssh.forwarding-refused')
        return { kind: 'not-checkable', at: ambient.now(), reason: cause.message }
      return { kind: 'broken', at: ambient.now(), cause }
    }
  }

  private changed(): void {
    this.options.onChange()
  }
}

const OFF: ListenerState = { phase: 'off' }

/** What refuseInWords sent, read back at the other end of the path. */
function bridgeRefusal(text: string): AppError {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } }
    if (typeof error?.message === 'string')
      return new AppError('relay.unreachable', error.message, { remedy: '' })
  } catch {
    // Not ours; the words below will do.
  }
  return new AppError('relay.unreachable', 'The relay did not answer a request from the client.')
}
