import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError } from '../../../shared/errors/app-error.ts'
import { closeInStages, isClosingInStages } from '../close-in-stages.ts'
import { sendError } from './error-answer.ts'
import { refuseRaw } from './refuse-raw.ts'

/** What becomes of connections on which Node's parser finds something that is not HTTP. */
export class Unreadable {
  private readonly restMs: number
  /** To what was read last. */
  private readonly latest = new WeakMap<Duplex, ServerResponse>()
  /** Those that Node has given up. */
  private readonly known = new WeakSet<Socket>()

  /** @param restMs see `ProxyLimits`. */
  constructor(restMs: number) {
    this.restMs = restMs
  }

  /** Has to be told of every request, so that none gets two answers. */
  follow(request: IncomingMessage, response: ServerResponse): void {
    this.latest.set(request.socket, response)
  }

  /** Whether the last request that was read still waits for its answer, or for the end of it. */
  isAnswering(socket: Socket): boolean {
    return this.latest.get(socket)?.writableFinished === false
  }

  /** @param error of the event `clientError`. */
  refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    // What comes after it is as unreadable, and is told of as often.
    if (this.known.has(socket) || isClosingInStages(socket)) return
    this.known.add(socket)
    const latest = this.latest.get(socket)
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else if (latest?.req.complete === false) this.refuseRest(latest, socket, faultOf(error))
    // A client that reads the answer to its last request would take this for a part of it.
    else if (latest?.writableFinished === false) this.endAfter(latest, socket)
    else refuseRaw(socket, faultOf(error), this.restMs)
  }

  /** What was understood gets its answer, also where what comes behind it is none of HTTP's (RFC 9112 §9.6). */
  private endAfter(response: ServerResponse, socket: Socket): void {
    if (!response.headersSent) response.shouldKeepAlive = false
    const close = (): void => closeInStages(socket, this.restMs)
    // Node calls it after the last answer, and would reset the connection with what was not read.
    socket.destroySoon = close
    response.once('finish', close)
  }

  /** Of a request that is passed on already; it has no more than one answer. */
  private refuseRest(response: ServerResponse, socket: Socket, error: AppError): void {
    if (response.writableFinished) closeInStages(socket, this.restMs)
    else if (response.headersSent || response.socket !== socket) socket.destroy()
    else sendError(response.req, response, error)
  }
}

function faultOf({ code = 'unreadable' }: NodeJS.ErrnoException): AppError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new AppError('agent.head-timeout', 'The request did not arrive in time.')
  if (code === 'HPE_HEADER_OVERFLOW')
    return new AppError('proxy.head-too-large', 'The headers of the request are larger than 64 KiB.')
  return new AppError('proxy.bad-request', `The request is not correct HTTP (${code}).`)
}
