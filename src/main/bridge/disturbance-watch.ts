import { networkInterfaces } from 'node:os'
import type { Ambient } from '../../node/ambient.ts'

export interface DisturbanceWatchOptions {
  readonly ambient: Pick<Ambient, 'now'>
  /** The machine slept, somebody set the clock, or an address came or went: what is connected may be dead. */
  readonly onDisturbance: (kind: 'slept' | 'network-changed') => void
  /** Addresses of this machine in any stable order. */
  readonly addresses?: () => readonly string[]
}

const TICK_MS = 2_000
/** A busy machine delays a timer by less than this. */
const LONGEST_LATE_TICK_MS = 6_000

/**
 * Notices that the machine has slept or changed network, without help from the desktop: a timer that comes much
 * too late by the wall clock, or other addresses than at the last look. A false alarm costs one probe.
 */
export class DisturbanceWatch {
  private readonly options: DisturbanceWatchOptions
  private readonly timer: NodeJS.Timeout
  private lastTickAt: number
  private lastAddresses: string

  constructor(options: DisturbanceWatchOptions) {
    this.options = options
    this.lastTickAt = options.ambient.now()
    this.lastAddresses = this.addresses()
    this.timer = setInterval(() => this.tick(), TICK_MS)
    this.timer.unref()
  }

  /** One look; called by the timer. */
  tick(): void {
    const now = this.options.ambient.now()
    const addresses = this.addresses()
    const hasSlept = now - this.lastTickAt > LONGEST_LATE_TICK_MS
    const hasMoved = addresses !== this.lastAddresses
    this.lastTickAt = now
    this.lastAddresses = addresses
    if (hasSlept) this.options.onDisturbance('slept')
    else if (hasMoved) this.options.onDisturbance('network-changed')
  }

  close(): void {
    clearInterval(this.timer)
  }

  private addresses(): string {
    return (this.options.addresses ?? ownAddresses)().join(' ')
  }
}

/** Link-local addresses come and go by themselves. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)
    .sort()
}
