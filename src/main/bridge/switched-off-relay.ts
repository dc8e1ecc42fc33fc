import type { Duplex } from 'node:stream'
import { AppError, toFailure } from '../../shared/errors/app-error.ts'
import { LinkHolder } from './link-holder.ts'
import type { RelayConnector } from './relay-connector.ts'

export interface SwitchedOffRelayOptions extends Pick<RelayConnector, 'kind' | 'place'> {
  /** In ms since the epoch. */
  readonly since: number
  /** Somebody asks for it to be tried again. */
  readonly onWanted: () => void
}

/** Stands in for a relay that was switched off: clients stay connected, and what they ask is refused with the reason. */
export class SwitchedOffRelay extends LinkHolder implements RelayConnector {
  readonly kind: RelayConnector['kind']
  readonly place: string
  private readonly options: SwitchedOffRelayOptions

  constructor(options: SwitchedOffRelayOptions) {
    super()
    this.options = options
    this.kind = options.kind
    this.place = options.place
  }

  start(): void {
    this.set({ phase: 'failed', since: this.options.since, cause: toFailure(switchedOff()) })
  }

  retryNow(): void {
    this.options.onWanted()
  }

  probe(): void {
    // There is nothing to look at.
  }

  async open(): Promise<Duplex> {
    throw switchedOff()
  }

  async openAdmin(): Promise<Duplex> {
    throw switchedOff()
  }

  drain(): void {
    // Nothing goes through it.
  }

  async close(): Promise<void> {
    // It holds nothing.
  }
}

function switchedOff(): AppError {
  return new AppError('relay.switched-off', 'The relay is switched off.')
}
