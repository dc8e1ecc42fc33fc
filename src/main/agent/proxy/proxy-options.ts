import type { OwnListener } from '../../../node/address-policy/own-listener.ts'
import type { Ambient } from '../../../node/ambient.ts'
import type { Logger } from '../../../node/log.ts'
import type { Egress } from '../../egress/egress.ts'

export interface ProxyOptions {
  /**
   * The way to a host, asked for every request and tunnel.
   *
   * @param host a name in lower-case ASCII, or an address literal without brackets.
   */
  readonly choose: (host: string, port: number) => Egress | 'deny'
  /** Where the agent listens at this moment, so that it is not led back into itself. */
  readonly ownListeners: () => readonly OwnListener[]
  /** Ports that CONNECT may ask for. */
  readonly connectPorts: readonly number[]
  /** `user:password` that programs have to send; none needed if undefined. */
  readonly password?: string | undefined
  readonly ambient: Pick<Ambient, 'monotonicMs' | 'random'>
  readonly log: Logger
  readonly limits?: Partial<ProxyLimits>
}

/** Times are milliseconds. */
export interface ProxyLimits {
  /** For a client to send the head of a request; 60 s. */
  readonly headMs: number
  /** How often that is looked at; 5 s. */
  readonly checkMs: number
  /** Of a request and of an answer; 64 KiB. More is 431 and 502. */
  readonly headMaxBytes: number
  /** For a host to begin its answer; 10 min. */
  readonly answerMs: number
  /** For silence in the middle of an answer and in a tunnel; 1 h. */
  readonly silenceMs: number
  /** For silence in a tunnel of which one direction has ended; 5 min. */
  readonly lingerMs: number
  /** For an answer to a client that has ended its side: it may wait, or have been stopped by its user; 30 s. */
  readonly patienceMs: number
  /** For the rest of a request that is answered already, and once more for what comes after our end; 5 s. */
  readonly restMs: number
}

export const PROXY_LIMITS: ProxyLimits = {
  headMs: 60_000,
  checkMs: 5_000,
  headMaxBytes: 65_536,
  answerMs: 600_000,
  silenceMs: 3_600_000,
  lingerMs: 300_000,
  patienceMs: 30_000,
  restMs: 5_000,
}
