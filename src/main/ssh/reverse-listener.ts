import type { Duplex } from 'node:stream'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { toAppError, toFailure } from '../../shared/errors/app-error.ts'
import type { ListenAddress, ListenerState } from '../../shared/state/bridge-state.ts'
import type { Connection } from './connection.ts'
import type { ReverseListener } from './link.ts'
import type { Obstacle, RemoteHolder } from './remote-address.ts'

export interface ReverseListenerOptions {
  readonly address: ListenAddress
  readonly onChannel: (channel: Duplex) => void
  readonly holder: RemoteHolder
  readonly ambient: Ambient
  readonly log: Logger
  /** Pause before an address is asked for again that will come free by itself. */
  readonly retryMs: number
  readonly onClosed: () => void
}

/**
 * One address on the far host. It is opened again on every new connection; an answer that belongs to an
 * earlier connection is ignored.
 */
export class SupervisedListener implements ReverseListener {
  private readonly options: ReverseListenerOptions
  private readonly listeners = new Set<(state: ListenerState) => void>()
  private current: ListenerState = { phase: 'off' }
  private connection: Connection | undefined
  private timer: NodeJS.Timeout | undefined
  private isClosed = false
  /** Set once the server has listened for us: a refusal afterwards may be our own dead session. */
  private hasListenedBefore = false

  constructor(options: ReverseListenerOptions) {
    this.options = options
  }

  get state(): ListenerState {
    return this.current
  }

  onState(listener: (state: ListenerState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** A new connection is up. */
  attach(connection: Connection): void {
    if (this.isClosed) return
    this.connection = connection
    clearTimeout(this.timer)
    this.publish({ phase: 'opening', address: this.addressText, since: this.options.ambient.now() })
    void this.open(connection)
  }

  /** The connection is gone; the far side closes the address when it notices. */
  detach(connection: Connection): void {
    if (this.connection !== connection) return
    this.connection = undefined
    clearTimeout(this.timer)
    if (!this.isClosed) this.publish({ phase: 'off' })
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    clearTimeout(this.timer)
    const { connection } = this
    this.connection = undefined
    this.options.onClosed()
    this.publish({ phase: 'off' })
    // A connection that dies meanwhile has closed the address as well.
    await connection?.unlisten(this.options.address).catch(() => undefined)
  }

  private get addressText(): string {
    const { address } = this.options
    return address.kind === 'socket' ? address.path : `${address.host}:${address.port}`
  }

  private async open(connection: Connection): Promise<void> {
    const { address, ambient, holder, log, onChannel, retryMs } = this.options
    try {
      await connection.listen(address, onChannel)
      if (!this.isCurrent(connection)) return
      this.hasListenedBefore = true
      holder.noteListening(connection, address)
      this.publish({ phase: 'listening', address: this.addressText, since: ambient.now() })
    } catch (cause) {
      if (!this.isCurrent(connection) || !connection.isOpen) return
      const obstacle = await this.obstacleTo(connection, cause)
      if (!this.isCurrent(connection) || !connection.isOpen) return
      log.debug({ address: this.addressText, code: obstacle.error.code }, 'The far address is not ours yet')
      this.publishObstacle(obstacle)
      if (obstacle.error.recovery !== 'automatic') return
      this.timer = setTimeout(() => void this.open(connection), retryMs)
    }
  }

  /** Never rejects: looking needs the connection, which may end meanwhile. */
  private async obstacleTo(connection: Connection, cause: unknown): Promise<Obstacle> {
    const { address, holder } = this.options
    try {
      return await holder.explain(connection, address, { cause, hasListenedBefore: this.hasListenedBefore })
    } catch (error) {
      return { error: toAppError(error) }
    }
  }

  private publishObstacle({ error, otherPort }: Obstacle): void {
    const cause = toFailure(error)
    const common = { address: this.addressText, since: this.options.ambient.now(), cause }
    if (error.recovery === 'automatic') {
      if (this.current.phase === 'opening' && this.current.cause?.message === cause.message) return
      this.publish({ phase: 'opening', ...common })
    } else this.publish({ phase: 'failed', ...common, ...(otherPort === undefined ? {} : { otherPort }) })
  }

  private isCurrent(connection: Connection): boolean {
    return !this.isClosed && this.connection === connection
  }

  private publish(state: ListenerState): void {
    if (state.phase === 'off' && this.current.phase === 'off') return
    this.current = state
    for (const listener of [...this.listeners]) listener(state)
  }
}
