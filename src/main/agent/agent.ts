import type { Socket } from 'node:net'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { freePortNear } from '../../node/port-holder.ts'
import { AppError, toAppError, toFailure } from '../../shared/errors/app-error.ts'
import type { ListenAddress, ListenerState } from '../../shared/state/bridge-state.ts'
import { formatListenAddress } from '../settings/address.ts'
import { describeHolder } from './bind.ts'
import { type AgentProxy, Door } from './door.ts'

export type { AgentProxy } from './door.ts'

export interface AgentOptions {
  /** Port 0 takes any free one. */
  readonly address: ListenAddress
  /**
   * Takes a connection that speaks to the relay: paused, with every byte it sent still to be read. Errors of the
   * socket are listened for by the agent.
   */
  readonly onRelayConnection: (socket: Socket) => void
  /** Takes whole URLs and CONNECT, and says what the pages of the agent are. */
  readonly proxy: AgentProxy
  readonly ambient: Pick<Ambient, 'now'>
  readonly log: Logger
  /** How long a connection may take to say what it wants; 60 s unless told. */
  readonly headTimeoutMs?: number
  /** How often a taken port is tried again; 2 s unless told. */
  readonly retryIntervalMs?: number
}

/** The one listener on this machine's loopback through which its programs reach the relay. */
export interface Agent {
  readonly state: ListenerState
  /** @returns the unsubscribe function. The listener is called after every change, never with the current state. */
  onState(listener: (state: ListenerState) => void): () => void
  /** Moves to another port and settles when that was tried; connections already open go on. */
  useOtherPort(port: number): Promise<void>
  /** Tries a taken or forbidden address at once. */
  retryNow(): void
  /** Stops listening, lets handed-over connections finish for up to `drainMs`, then ends them. Idempotent. */
  close(drainMs?: number): Promise<void>
}

type FailedState = Extract<ListenerState, { phase: 'failed' }>

const RETRY_INTERVAL_MS = 2_000
const ATTEMPTS_PER_LOOK = 15

export function startAgent(options: AgentOptions): Agent {
  return new LoopbackAgent(options)
}

/**
 * Owns the address: which door is open, the timer that tries a taken port again, and the state that people see.
 * A door is never opened again; moving or retrying makes a new one, and what an old one still does is ignored.
 */
class LoopbackAgent implements Agent {
  state: ListenerState = { phase: 'off' }
  private readonly options: AgentOptions
  private readonly listeners = new Set<(state: ListenerState) => void>()
  /** Every door that is open or has connections, so that close can end them. */
  private readonly doors = new Set<Door>()
  private address: ListenAddress
  private current: Door | undefined
  private attempt: Promise<void> | undefined
  private attemptsSinceLook = 0
  private retryTimer: NodeJS.Timeout | undefined
  private closing: Promise<void> | undefined

  constructor(options: AgentOptions) {
    this.options = options
    this.address = options.address
    void this.open()
  }

  onState(listener: (state: ListenerState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async useOtherPort(port: number): Promise<void> {
    if (this.address.kind !== 'tcp')
      throw new AppError('api.invalid-arguments', 'The agent listens on a unix socket, which has no port.')
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new AppError('api.invalid-arguments', `${port} is no port: ports go from 1 to 65535.`)
    if (this.closing !== undefined) return
    this.address = { ...this.address, port }
    this.leave()
    await this.open()
  }

  retryNow(): void {
    // Two attempts at once would be in each other's way.
    if (this.state.phase === 'failed' && this.attempt === undefined && this.closing === undefined)
      void this.open()
  }

  close(drainMs = 0): Promise<void> {
    this.closing ??= this.shut(drainMs)
    return this.closing
  }

  private async shut(drainMs: number): Promise<void> {
    this.leave()
    await this.attempt
    await Promise.all([...this.doors].map((door) => door.close(drainMs)))
    this.setState({ phase: 'off' })
    this.listeners.clear()
  }

  /** Stops listening at the current address; its connections go on. */
  private leave(): void {
    clearTimeout(this.retryTimer)
    this.current?.stopListening()
    this.current = undefined
  }

  private open(): Promise<void> {
    clearTimeout(this.retryTimer)
    const attempt = this.tryDoor(this.address).finally(() => {
      if (this.attempt === attempt) this.attempt = undefined
    })
    this.attempt = attempt
    return attempt
  }

  private async tryDoor(address: ListenAddress): Promise<void> {
    const place = formatListenAddress(address)
    const door = new Door(this.options)
    this.current = door
    this.doors.add(door)
    door.onEmpty(() => this.doors.delete(door))
    // A quiet attempt leaves the failure on show until there is something new to say.
    if (this.state.phase !== 'failed' || this.state.address !== place)
      this.setState({ phase: 'opening', address: place, since: this.options.ambient.now() })
    try {
      const bound = await door.open(address)
      if (this.current !== door) return
      // Port 0 was a wish for any port; from now on it is this one.
      this.address = bound
      this.setState({
        phase: 'listening',
        address: formatListenAddress(bound),
        since: this.options.ambient.now(),
      })
    } catch (error) {
      this.doors.delete(door)
      if (this.current === door) await this.fail(door, address, toAppError(error))
    }
  }

  private async fail(door: Door, address: ListenAddress, error: AppError): Promise<void> {
    const isKnown = this.state.phase === 'failed' && this.state.cause.code === error.code
    this.attemptsSinceLook = isKnown ? this.attemptsSinceLook + 1 : 0
    // Whoever has the port seldom changes, and looking through all processes is work.
    if (!isKnown || this.attemptsSinceLook % ATTEMPTS_PER_LOOK === 0) {
      const failed = await this.describe(address, error)
      // Moved or closed while the holder was looked up.
      if (this.current !== door) return
      const isNews = this.state.phase !== 'failed' || this.state.cause.message !== failed.cause.message
      if (isNews) this.setState(failed)
    }
    this.retryTimer = setTimeout(() => void this.open(), this.options.retryIntervalMs ?? RETRY_INTERVAL_MS)
  }

  private async describe(address: ListenAddress, error: AppError): Promise<FailedState> {
    const isTaken = error.code === 'port.taken' && address.kind === 'tcp'
    if (error.code === 'internal.bug') this.options.log.error({ err: error }, 'the local port failed')
    const cause = toFailure(isTaken ? await describeHolder(address) : error)
    const otherPort = isTaken ? await freePortNear(address.host, address.port) : undefined
    return {
      phase: 'failed',
      address: formatListenAddress(address),
      since: this.options.ambient.now(),
      cause,
      ...(otherPort === undefined ? {} : { otherPort }),
    }
  }

  private setState(state: ListenerState): void {
    this.state = state
    this.options.log.info({ ...state }, 'local port')
    for (const listener of [...this.listeners]) listener(state)
  }
}
