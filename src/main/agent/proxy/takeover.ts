import type { Socket } from 'node:net'
import { toAppError } from '../../../shared/errors/app-error.ts'
import type { Gate } from './gate.ts'
import type { ReadRequest } from './plain/request.ts'
import type { ProxyLimits, ProxyOptions } from './proxy-options.ts'
import { refuseRaw } from './refuse-raw.ts'

/** What takes a connection away from HTTP: a tunnel, or a change to another protocol. */
export abstract class Takeover {
  protected readonly options: ProxyOptions
  protected readonly limits: ProxyLimits
  protected readonly gate: Gate
  /** For the log. */
  protected abstract readonly what: string

  constructor(options: ProxyOptions, limits: ProxyLimits, gate: Gate) {
    this.options = options
    this.limits = limits
    this.gate = gate
  }

  /** Calls the work off when the client goes; tells the client what became of it where it fails. */
  protected async whileThere(
    request: Pick<ReadRequest, 'headers'>,
    client: Socket,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const abort = new AbortController()
    const giveUp = (): void => abort.abort(new Error('The client is gone.'))
    client.once('close', giveUp)
    try {
      await work(abort.signal)
    } catch (error) {
      if (!client.destroyed) this.refuse(request, client, error)
    } finally {
      client.off('close', giveUp)
    }
  }

  private refuse(request: Pick<ReadRequest, 'headers'>, client: Socket, cause: unknown): void {
    const error = toAppError(cause)
    const { log } = this.options
    if (error.code === 'internal.bug') log.error({ err: error }, 'the proxy failed')
    else log.info({ code: error.code, reason: error.message }, `the proxy refused ${this.what}`)
    refuseRaw(client, error, this.limits.restMs, request.headers.accept)
  }
}
