import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from '../../node/log.ts'
import { AppError, toAppError } from '../../shared/errors/app-error.ts'
import { certificateName } from '../tls/client-certificate.ts'
import { type Dialect, sendError } from './error-response.ts'
import { checkHosts, type HostPolicy } from './host-policy.ts'
import { malformation } from './http-server.ts'
import { CUT_SHORT } from './read-body.ts'
import { type RequestTrace, traceOf } from './request-trace.ts'
import type { Access, ClientIdentity, Exchange } from './route.ts'
import { MethodNotAllowed, type Router } from './router.ts'

/** Who may do what; implemented by the client registry. */
export interface AccessControl {
  /** @param certificateName what a client calls itself in the certificate that it has shown. */
  identify(
    headers: IncomingHttpHeaders,
    certificateName?: string,
  ): ClientIdentity | 'required' | 'unknown-token'
  isAdmin(headers: IncomingHttpHeaders): boolean
}

export interface DispatchOptions {
  readonly router: Router
  readonly access: AccessControl
  readonly hosts: HostPolicy
  readonly log: Logger
}

/** Turns requests into exchanges, checks who asks, and answers for every failure. Owns the open exchanges. */
export class RequestDispatcher {
  private readonly options: DispatchOptions
  private readonly open = new Map<ServerResponse, AbortController>()
  private idle: (() => void) | undefined
  private isDraining = false

  constructor(options: DispatchOptions) {
    this.options = options
  }

  get active(): number {
    return this.open.size
  }

  /** @param isTrusted the connection itself carries admin rights. */
  readonly handle = (request: IncomingMessage, response: ServerResponse, isTrusted: boolean): void => {
    const abort = new AbortController()
    const requestId = randomUUID()
    const trace = { requestId, ...traceOf(request.headers) }
    const startedAt = performance.now()
    this.open.set(response, abort)
    response.setHeader('x-relay-request-id', requestId)
    // A broken client connection shows itself as 'close'; without a listener 'error' would end the process.
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    response.on('close', () => {
      if (!response.writableFinished) abort.abort(new AppError('upstream.cancelled', 'The client went away.'))
      this.open.delete(response)
      if (this.open.size === 0) this.idle?.()
      const { statusCode: status } = response
      const ms = Math.round(performance.now() - startedAt)
      const path = pathOf(request)
      this.options.log.debug({ ...trace, method: request.method, path, status, ms }, 'request')
    })
    this.answer(request, response, isTrusted, abort.signal).catch((error: unknown) => {
      this.fail(request, response, trace, error)
    })
  }

  isServing(connection: Duplex): boolean {
    for (const { req } of this.open.keys()) if (req.socket === connection) return true
    return false
  }

  /** New requests are refused from now on. Resolves when the last one is done. */
  async drain(): Promise<void> {
    this.isDraining = true
    if (this.open.size === 0) return
    await new Promise<void>((resolve) => {
      this.idle = resolve
    })
  }

  /** Cuts what is still going on. */
  cut(): void {
    for (const [response, abort] of this.open) {
      abort.abort(new AppError('relay.shutting-down', 'The relay stops.'))
      response.destroy()
    }
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    isTrusted: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const wrong = malformation(request)
    if (wrong !== undefined) throw new AppError('relay.request-malformed', wrong)
    if (this.isDraining) throw new AppError('relay.shutting-down', 'The relay is about to stop.')
    checkHosts(request.headers, this.options.hosts)
    const url = parseTarget(request.url ?? '/')
    const route = this.options.router.find(request.method ?? 'GET', url.pathname)
    const access: Access = isTrusted || this.options.access.isAdmin(request.headers) ? 'admin' : 'client'
    const client = this.clientOf(request, route.access, access)
    const exchange: Exchange = { request, response, url, access, client, signal }
    await route.handle(exchange)
  }

  private clientOf(request: IncomingMessage, needed: Access | 'open', access: Access): ClientIdentity {
    const identity = this.options.access.identify(request.headers, certificateName(request.socket))
    const isNamed = typeof identity === 'object' && identity.name !== 'unknown'
    if (access === 'admin') return isNamed ? identity : { name: 'admin' }
    if (needed === 'admin') throw new AppError('relay.admin-only', 'This needs admin rights.')
    if (typeof identity === 'object') return identity
    if (needed === 'open') return { name: 'unknown' }
    throw identity === 'required'
      ? new AppError('clients.token-required', 'The relay asks for a client token.')
      : new AppError('clients.token-unknown', 'The client token is not valid.')
  }

  private fail(
    request: IncomingMessage,
    response: ServerResponse,
    trace: RequestTrace & { readonly requestId: string },
    error: unknown,
  ): void {
    // Clients go away while they send; that is nobody's mistake here.
    const failure = toAppError(
      request.errored === error ? new AppError('relay.body-invalid', CUT_SHORT) : error,
    )
    const path = pathOf(request)
    if (failure.code === 'internal.bug')
      this.options.log.error({ ...trace, path, err: error }, 'request failed')
    else this.options.log.info({ ...trace, path, code: failure.code }, failure.message)
    if (failure instanceof MethodNotAllowed && !response.headersSent)
      response.setHeader('allow', failure.allowed)
    // Whatever of the body was not read would be taken for the next request.
    if (!request.complete) closeAfter(request)
    sendError(response, failure, dialectOf(path))
  }
}

/** Gives the client time to read the answer before its unfinished upload is cut off. */
function closeAfter(request: IncomingMessage): void {
  const { socket } = request
  // With the last answer Node closes both directions at once. What still comes would be answered with a reset, which
  // wipes out the answer (RFC 9112 §9.6). Streams that are no sockets have no such method and are only ended.
  if (typeof socket.destroySoon === 'function') socket.destroySoon = () => void socket.end()
  const cut = setTimeout(() => socket.destroy(), 2000)
  socket.once('close', () => clearTimeout(cut))
  request.resume()
}

function parseTarget(target: string): URL {
  // Also absolute-form, where the target's own host counts for nothing here.
  const text = target.startsWith('/') ? `http://relay${target}` : target
  if (!URL.canParse(text)) throw new AppError('relay.request-malformed', 'The request target is no path.')
  return new URL(text)
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0]?.slice(0, 200) ?? '/'
}

function dialectOf(path: string): Dialect {
  if (path === '/ollama' || (path.startsWith('/ollama/') && !path.startsWith('/ollama/v1/'))) return 'ollama'
  if (path.includes('/messages')) return 'messages'
  return path.endsWith('/responses') ? 'responses' : 'chat'
}
