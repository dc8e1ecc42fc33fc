import type { Socket } from 'node:net'

export interface AdmissionOptions {
  /** Connections that may wait for their handshake at once. */
  readonly maxWaiting: number
  readonly handshakeMs: number
  readonly onRefused: (reason: 'too-many-waiting' | 'too-slow') => void
}

/**
 * Connections before their handshake is over. Nobody knows yet who they are, so they have little time and their own
 * bound; when that is reached, the oldest goes: an honest handshake takes milliseconds. Owns their deadlines.
 */
export class Admission {
  private readonly options: AdmissionOptions
  private readonly waiting = new Map<string, { readonly socket: Socket; readonly timer: NodeJS.Timeout }>()

  constructor(options: AdmissionOptions) {
    this.options = options
  }

  get count(): number {
    return this.waiting.size
  }

  /** @returns false when it is gone already. */
  add(socket: Socket): boolean {
    const key = keyOf(socket)
    if (key === undefined) {
      socket.destroy()
      return false
    }
    const [oldest] = this.waiting.keys()
    if (oldest !== undefined && this.waiting.size >= this.options.maxWaiting)
      this.refuse(oldest, 'too-many-waiting')
    const timer = setTimeout(() => this.refuse(key, 'too-slow'), this.options.handshakeMs)
    this.waiting.set(key, { socket, timer })
    socket.once('close', () => this.remove(key, socket))
    return true
  }

  /** Its handshake is over, or it has failed. @param socket the one with TLS. */
  done(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void {
    const key = keyOf(socket)
    if (key !== undefined) this.remove(key)
  }

  /** Idempotent. */
  close(): void {
    for (const { socket, timer } of this.waiting.values()) {
      clearTimeout(timer)
      socket.destroy()
    }
    this.waiting.clear()
  }

  private refuse(key: string, reason: 'too-many-waiting' | 'too-slow'): void {
    const socket = this.waiting.get(key)?.socket
    this.remove(key)
    socket?.destroy()
    this.options.onRefused(reason)
  }

  private remove(key: string, only?: Socket): void {
    const found = this.waiting.get(key)
    if (found === undefined || (only !== undefined && found.socket !== only)) return
    clearTimeout(found.timer)
    this.waiting.delete(key)
  }
}

function keyOf({
  remoteAddress,
  remotePort,
}: Pick<Socket, 'remoteAddress' | 'remotePort'>): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`
}
