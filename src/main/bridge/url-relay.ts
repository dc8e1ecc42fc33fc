import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { LinkHolder } from './link-holder.ts'
import type { RelayConnector } from './relay-connector.ts'

/** A relay that this computer reaches without SSH. Whether it answers is for the health check to say. */
export class UrlRelay extends LinkHolder implements RelayConnector {
  readonly kind = 'url'
  readonly place: string
  private readonly url: URL
  private readonly ambient: Ambient

  constructor(url: URL, ambient: Ambient) {
    super()
    this.url = url
    this.place = url.origin
    this.ambient = ambient
  }

  start(): void {
    this.set({ phase: 'connected', since: this.ambient.now(), roundTripMs: undefined })
  }

  retryNow(): void {
    this.start()
  }

  probe(): void {
    // Every connection is a new one.
  }

  async open(signal: AbortSignal): Promise<Duplex> {
    const { hostname, port, protocol } = this.url
    const host = hostname.replace(/^\[|\]$/g, '')
    const isTls = protocol === 'https:'
    const address = { host, port: Number(port || (isTls ? 443 : 80)) }
    const socket = isTls
      ? connectTls({ ...address, servername: host, ALPNProtocols: ['http/1.1'] })
      : connectTcp({ ...address, noDelay: true, allowHalfOpen: true })
    try {
      await once(socket, isTls ? 'secureConnect' : 'connect', { signal })
    } catch (cause) {
      socket.destroy()
      throw new AppError('relay.unreachable', `${this.place} does not answer: ${wordsFor(cause)}.`, { cause })
    }
    return socket
  }

  async openAdmin(): Promise<Duplex> {
    throw new AppError(
      'relay.unreachable',
      `${this.place} is reached by its URL, which gives no admin rights.`,
      {
        remedy: 'Run "sovereign relay login" on the machine of the relay, or reach the relay over SSH.',
      },
    )
  }

  async close(): Promise<void> {
    this.set({ phase: 'idle' })
  }
}

function wordsFor(cause: unknown): string {
  if (!(cause instanceof Error)) return 'the connection failed'
  const code = 'code' in cause ? cause.code : undefined
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host name has no address'
  if (code === 'ECONNREFUSED') return 'nothing listens on its port'
  if (cause.name === 'AbortError') return 'it took too long'
  return cause.message
}
