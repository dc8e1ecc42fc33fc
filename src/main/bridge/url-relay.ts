import type { Duplex } from 'node:stream'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Credential } from './forwarded-headers.ts'
import { HttpForwarder } from './http-forwarder.ts'
import { LinkHolder } from './link-holder.ts'
import type { RelayConnector } from './relay-connector.ts'
import type { RelayDial } from './relay-dial.ts'

/** A relay that this computer reaches without SSH. Whether it answers is for the health check to say. */
export class UrlRelay extends LinkHolder implements RelayConnector {
  readonly kind = 'url'
  readonly place: string
  private readonly dial: RelayDial
  private readonly forwarder: HttpForwarder
  private readonly ambient: Ambient

  constructor(dial: RelayDial, ambient: Ambient) {
    super()
    this.dial = dial
    this.place = dial.place
    this.forwarder = new HttpForwarder({ url: dial.url, failureOf: (error) => dial.failureOf(error) })
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
    const token = await this.dial.clientToken()
    return this.join(signal, token === undefined ? undefined : { token, always: false })
  }

  async openAdmin(signal: AbortSignal): Promise<Duplex> {
    const token = await this.dial.adminToken()
    if (token !== undefined) return this.join(signal, { token, always: true })
    throw new AppError(
      'relay.admin-only',
      `${this.place} is reached by its URL, which gives no admin rights.`,
      {
        remedy:
          'Reach the relay over SSH, or name the file with its admin token under "adminTokenFile". Signing in also works on its own machine: sovereign relay login.',
      },
    )
  }

  drain(): void {
    this.forwarder.drain()
  }

  async close(): Promise<void> {
    this.set({ phase: 'idle' })
  }

  private async join(signal: AbortSignal, credential: Credential | undefined): Promise<Duplex> {
    return this.forwarder.join(await this.dial.connect(signal), credential)
  }
}
