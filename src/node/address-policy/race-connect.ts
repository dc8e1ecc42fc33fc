import { createConnection, type Socket } from 'node:net'
import { LendingSocket } from '../lending-socket.ts'
import type { CheckedAddress } from './checked-addresses.ts'

/** How long one address is alone in trying before the next one starts beside it (RFC 8305 §5). */
const HEAD_START_MS = 250

export interface RaceOutcome {
  /** @param socket keeps half-close and has no delay. */
  onConnected(socket: Socket): void
  /** All have failed. @param error of the first address. */
  onFailed(error: Error): void
}

/**
 * Connects to whichever address answers first; the others are given up. The families take turns, the first address
 * leads.
 */
export class ConnectRace {
  private readonly waiting: CheckedAddress[]
  private readonly port: number
  private readonly outcome: RaceOutcome
  private readonly trying = new Set<Socket>()
  private firstError: Error | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(addresses: readonly CheckedAddress[], port: number, outcome: RaceOutcome) {
    this.waiting = alternate(addresses)
    this.port = port
    this.outcome = outcome
  }

  start(): void {
    clearTimeout(this.timer)
    const address = this.waiting.shift()
    if (address === undefined) return
    const socket = openSocket(address.address, this.port)
    this.trying.add(socket)
    const onError = (error: Error): void => this.lose(socket, error)
    socket.once('error', onError).once('connect', () => {
      socket.off('error', onError)
      this.trying.delete(socket)
      this.cancel()
      this.outcome.onConnected(socket)
    })
    if (this.waiting.length > 0) this.timer = setTimeout(() => this.start(), HEAD_START_MS)
  }

  /** Gives up without a word. Idempotent. */
  cancel(): void {
    clearTimeout(this.timer)
    for (const socket of this.trying) socket.destroy()
  }

  private lose(socket: Socket, error: Error): void {
    this.firstError ??= error
    this.trying.delete(socket)
    if (this.waiting.length > 0) this.start()
    else if (this.trying.size === 0) this.outcome.onFailed(this.firstError)
  }
}

function openSocket(host: string, port: number): Socket {
  // Windows fills a buffer at a time of its own choosing.
  if (process.platform === 'win32')
    return createConnection({ host, port, allowHalfOpen: true, noDelay: true })
  return new LendingSocket().connect({ host, port })
}

function alternate(addresses: readonly CheckedAddress[]): CheckedAddress[] {
  if (addresses.length === 1) return [...addresses]
  const [lead] = addresses
  const same = addresses.filter(({ family }) => family === lead?.family)
  const other = addresses.filter(({ family }) => family !== lead?.family)
  return same
    .flatMap((address, index) => {
      const beside = other[index]
      return beside === undefined ? [address] : [address, beside]
    })
    .concat(other.slice(same.length))
}
