import type { Ambient } from '../node/ambient.ts'
import type { SpliceCounters } from '../node/splice.ts'

export type RefusedHandshake = 'tls' | 'not-allowed' | 'full' | 'too-many-waiting' | 'too-slow'

/** What the server counts. Bytes are those of programs, seen from the server: in is what agents send. */
export class Meters {
  readonly startedAt: number
  connections = 0
  connectionsTotal = 0
  streams = 0
  streamsTotal = 0
  streamsRefused = 0
  bytesIn = 0
  bytesOut = 0
  /** Milliseconds since the Unix epoch; of the last byte or new stream. Keepalives and handshakes are no activity. */
  lastActivityAt: number
  readonly refused = new Map<RefusedHandshake, number>()
  private readonly ambient: Pick<Ambient, 'now'>

  constructor(ambient: Pick<Ambient, 'now'>) {
    this.ambient = ambient
    this.startedAt = ambient.now()
    this.lastActivityAt = this.startedAt
  }

  refuse(reason: RefusedHandshake): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
  }

  connectionOpened(): void {
    this.connections += 1
    this.connectionsTotal += 1
  }

  connectionClosed(): void {
    this.connections -= 1
  }

  /** @returns what ends it. */
  streamOpened(): () => void {
    this.streams += 1
    this.streamsTotal += 1
    this.lastActivityAt = this.ambient.now()
    let isOpen = true
    return () => {
      if (!isOpen) return
      isOpen = false
      this.streams -= 1
    }
  }

  addBytes(bytesIn: number, bytesOut: number): void {
    this.bytesIn += bytesIn
    this.bytesOut += bytesOut
    this.lastActivityAt = this.ambient.now()
  }

  /** For a splice of an agent's stream (a) and a connection to the internet (b). */
  spliceCounters(): SpliceCounters {
    return new StreamCounters(this)
  }
}

/** Adds to the sums while the splice runs, so that a long transfer is seen to be alive. */
class StreamCounters implements SpliceCounters {
  private readonly meters: Meters
  private fromAgent = 0
  private toAgent = 0

  constructor(meters: Meters) {
    this.meters = meters
  }

  get aToB(): number {
    return this.fromAgent
  }

  set aToB(value: number) {
    this.meters.addBytes(value - this.fromAgent, 0)
    this.fromAgent = value
  }

  get bToA(): number {
    return this.toAgent
  }

  set bToA(value: number) {
    this.meters.addBytes(0, value - this.toAgent)
    this.toAgent = value
  }
}
