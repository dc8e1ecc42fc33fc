import type { Duplex } from 'node:stream'
import type { Ambient } from '../../node/ambient.ts'
import { type OfferedOllama, type Relay, type RelayOptions, startRelay } from '../../relay/relay.ts'
import { AppError, toFailure } from '../../shared/errors/app-error.ts'
import { linkCause } from '../../shared/state/link.ts'
import { connectedPair } from './connected-pair.ts'
import { LinkHolder } from './link-holder.ts'
import type { RelayConnector } from './relay-connector.ts'

export type EmbeddedRelayOptions = Omit<RelayOptions, 'listen' | 'ollama'>

/** A relay in this very process: the set-up that needs no other machine. Connections reach it without a socket. */
export class EmbeddedRelay extends LinkHolder implements RelayConnector {
  readonly kind = 'embedded'
  readonly place = 'this computer'
  private readonly options: EmbeddedRelayOptions
  private readonly ambient: Ambient
  private starting: Promise<Relay> | undefined
  private isClosed = false
  private ollama: OfferedOllama | undefined

  constructor(options: EmbeddedRelayOptions, ambient: Ambient) {
    super()
    this.options = options
    this.ambient = ambient
  }

  start(): void {
    if (this.starting !== undefined || this.isClosed) return
    const { link } = this
    this.set({
      ...{ phase: 'connecting', step: 'opening', attempt: 1, since: this.ambient.now() },
      ...(link.phase === 'failed' ? { outage: { since: link.since, cause: link.cause } } : {}),
    })
    const starting = startRelay({ ...this.options, listen: undefined, ollama: this.ollama })
    this.starting = starting
    starting.then(
      () => {
        if (!this.isClosed)
          this.set({ phase: 'connected', since: this.ambient.now(), roundTripMs: undefined })
      },
      (error: unknown) => {
        this.starting = undefined
        if (!this.isClosed) this.set({ phase: 'failed', since: this.ambient.now(), cause: toFailure(error) })
      },
    )
  }

  /** After a failed start: the reason may be gone. */
  retryNow(): void {
    this.start()
  }

  /** Changes what the relay offers beside its own upstreams, whether or not it runs by now. */
  offerOllama(ollama: OfferedOllama | undefined): void {
    this.ollama = ollama
    // A relay that failed to start is told when it is started again.
    this.starting?.then((relay) => relay.offerOllama(this.ollama)).catch(() => undefined)
  }

  probe(): void {
    // There is no network in between.
  }

  async open(): Promise<Duplex> {
    return pairedWith((connection) => this.running((relay) => relay.accept(connection)))
  }

  async openAdmin(): Promise<Duplex> {
    return pairedWith((connection) => this.running((relay) => relay.acceptAdmin(connection)))
  }

  drain(drainMs: number): void {
    void this.starting?.then((relay) => relay.close(drainMs)).catch(() => undefined)
  }

  async close(drainMs: number): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.set({ phase: 'closing' })
    // A relay that failed to start has nothing to close.
    const relay = await this.starting?.catch(() => undefined)
    await relay?.close(drainMs)
    this.set({ phase: 'idle' })
  }

  private async running(use: (relay: Relay) => void): Promise<void> {
    const cause = linkCause(this.link)
    if (this.starting === undefined || this.isClosed) {
      throw new AppError(
        'relay.unreachable',
        `The relay on this computer does not run. ${cause?.message ?? ''}`.trim(),
        {
          ...(cause === undefined ? {} : { remedy: cause.remedy }),
        },
      )
    }
    use(await this.starting)
  }
}

async function pairedWith(give: (connection: Duplex) => Promise<void>): Promise<Duplex> {
  const [ours, theirs] = connectedPair()
  await give(theirs)
  return ours
}
