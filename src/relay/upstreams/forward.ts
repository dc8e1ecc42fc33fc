import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Limits } from '../config/relay-settings.ts'
import type { Dialect } from '../server/error-response.ts'
import { watchHalfClose } from '../server/half-close.ts'
import { clientHeaders } from '../server/message-headers.ts'
import type { Exchange } from '../server/route.ts'
import type { RequestOutcome, RequestRecord } from '../usage/recorder.ts'
import { reasonOf } from './http-client.ts'
import { scannerFor } from './scanner-for.ts'
import { Silence } from './silence.ts'
import type { StreamScanner } from './stream-scanner.ts'

export interface UpstreamCall {
  readonly dispatcher: Dispatcher
  /** For messages: "Copilot", "OpenRouter". */
  readonly upstreamName: string
  /** Scheme, host and, where the upstream lives below a path, that path. */
  readonly baseUrl: string
  /** With query. */
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
  readonly dialect: Dialect
  /** The client asked for a stream. */
  readonly stream: boolean
  readonly limits: Limits
  readonly exchange: Exchange
  readonly record: RequestRecord | undefined
}

/** An answer with an error status, which is small and is looked at before the client gets it. */
export interface Refusal {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Error texts longer than this are cut: nobody reads them. */
const REFUSAL_MAX_BYTES = 1_048_576

/**
 * Sends a request to an upstream and passes the answer through byte for byte as it comes.
 *
 * @returns the refusal when the upstream answered with an error; `undefined` when the client has its answer, also
 *   one that failed half-way.
 * @throws AppError when there was no answer at all.
 */
export async function forward(call: UpstreamCall): Promise<Refusal | undefined> {
  const { origin, pathname } = new URL(call.baseUrl)
  const prefix = pathname === '/' ? '' : pathname
  return await new Promise((resolve, reject) => {
    const pipe = new AnswerPipe(call, resolve, reject)
    call.dispatcher.dispatch(
      {
        origin,
        path: `${prefix}${call.path}`,
        method: call.method,
        // Whatever is compressed cannot be watched on its way.
        headers: { ...call.headers, 'accept-encoding': 'identity' },
        body: call.body ?? null,
      },
      pipe,
    )
  })
}

/**
 * Owns one answer from its first byte to its last: the silence timer, the client's side of the stream and the
 * abort of the upstream when the client goes away.
 */
class AnswerPipe implements Dispatcher.DispatchHandler {
  private readonly call: UpstreamCall
  private readonly resolve: (refusal: Refusal | undefined) => void
  private readonly reject: (error: unknown) => void
  private readonly silence: Silence
  private readonly endHalfCloseWatch: () => void
  private controller: Dispatcher.DispatchController | undefined
  private refusal:
    | { readonly status: number; readonly headers: IncomingHttpHeaders; size: number }
    | undefined
  private readonly refusalPieces: Buffer[] = []
  private scanner: StreamScanner | undefined
  private isAnswering = false
  private isSettled = false
  /** Why we broke off the upstream ourselves. */
  private brokenOff: AppError | undefined

  constructor(
    call: UpstreamCall,
    resolve: (refusal: Refusal | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    this.call = call
    this.resolve = resolve
    this.reject = reject
    this.silence = new Silence(call.limits, call.stream, {
      heartbeat: () => this.beat(),
      giveUp: (what) => this.giveUp(what),
    })
    this.endHalfCloseWatch = watchHalfClose(call.exchange.request.socket, () => this.askClient())
    call.exchange.signal.addEventListener('abort', this.onClientGone)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.call.exchange.signal.aborted) this.onClientGone()
    else if (this.brokenOff !== undefined) controller.abort(this.brokenOff)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return
    this.controller = controller
    this.silence.onBytes(false)
    if (status >= 400) {
      this.refusal = { status, headers, size: 0 }
      return
    }
    this.call.record?.onResponse(status, headers)
    this.answer(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isSettled) return
    if (this.refusal !== undefined) {
      this.silence.onBytes(true)
      this.refusal.size += chunk.length
      if (this.refusal.size <= REFUSAL_MAX_BYTES) this.refusalPieces.push(chunk)
      return
    }
    this.call.record?.onBody(chunk)
    this.silence.onBytes(this.scanner === undefined || this.scanner.push(chunk))
    const { response } = this.call.exchange
    if (response.write(chunk)) return
    controller.pause()
    this.silence.hold()
    response.once('drain', () => {
      this.silence.release()
      controller.resume()
    })
  }

  onResponseEnd(): void {
    if (this.refusal !== undefined) {
      const { status, headers } = this.refusal
      this.settle()
      this.resolve({ status, headers, body: Buffer.concat(this.refusalPieces) })
      return
    }
    if (this.scanner !== undefined && this.scanner.ending === undefined) {
      this.breakAnswer(
        new AppError(
          'relay.stream-truncated',
          `${this.call.upstreamName} ended the stream before its last event.`,
        ),
      )
      return
    }
    this.finish(this.scanner?.ending ?? 'completed')
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.isSettled) return
    const failure = this.brokenOff ?? this.failureOf(error)
    if (this.isAnswering) this.breakAnswer(failure)
    else {
      const isCancelled = this.call.exchange.signal.aborted
      this.settle(isCancelled ? 'cancelled' : 'failed')
      this.reject(failure)
    }
  }

  private answer(status: number, headers: IncomingHttpHeaders): void {
    const { response } = this.call.exchange
    const scanner = scannerFor(headers['content-type'], this.call.dialect)
    const isReadable = (headers['content-encoding'] ?? 'identity') === 'identity'
    const kept = clientHeaders(headers)
    this.isAnswering = true
    if (scanner !== undefined) {
      // https://developer.mozilla.org/docs/Web/HTTP/Headers/Cache-Control#no-transform
      kept['cache-control'] = 'no-cache, no-transform'
      kept['x-accel-buffering'] = 'no'
      delete kept['content-length']
      if (isReadable) this.scanner = scanner
    }
    this.silence.onAnswer(this.scanner !== undefined)
    response.writeHead(status, kept)
    if (scanner !== undefined) response.flushHeaders()
  }

  private beat(): void {
    const { scanner } = this
    if (scanner?.isBetweenEvents === true && scanner.heartbeat !== undefined)
      this.call.exchange.response.write(scanner.heartbeat)
  }

  private askClient(): void {
    const { response } = this.call.exchange
    if (response.writableNeedDrain) return
    if (response.headersSent) this.beat()
    else response.writeContinue()
  }

  private giveUp(what: 'no-answer' | 'silent' | 'slow-reader'): void {
    const { upstreamName } = this.call
    if (this.scanner?.ending !== undefined && what === 'silent') {
      // It said everything and only forgot to hang up.
      this.finish(this.scanner.ending)
      this.controller?.abort(new Error('complete'))
      return
    }
    if (what === 'no-answer')
      this.breakOff(new AppError('relay.upstream-timeout', `${upstreamName} did not answer in time.`))
    else if (what === 'silent')
      this.breakOff(new AppError('relay.stream-stalled', `${upstreamName} stopped sending.`))
    else {
      this.call.exchange.response.destroy()
      this.breakOff(new AppError('relay.stream-stalled', 'The client stopped reading.'))
    }
  }

  private readonly onClientGone = (): void => {
    this.breakOff(new AppError('upstream.cancelled', 'The client went away.'))
  }

  private breakOff(reason: AppError): void {
    if (this.isSettled) return
    this.brokenOff = reason
    this.controller?.abort(reason)
  }

  /** After the status line the client can only be told inside the stream, or by a cut. */
  private breakAnswer(error: AppError): void {
    const { response, signal } = this.call.exchange
    if (signal.aborted) {
      this.settle(this.scanner?.ending ?? 'cancelled')
      response.destroy()
    } else if (this.scanner === undefined) {
      this.settle('truncated')
      response.destroy()
    } else if (this.scanner.ending === undefined) {
      this.settle('truncated')
      response.end(this.scanner.failure(error))
    } else {
      this.settle(this.scanner.ending)
      response.end()
    }
    this.resolve(undefined)
  }

  private finish(outcome: RequestOutcome): void {
    if (this.isSettled) return
    this.settle(outcome)
    this.call.exchange.response.end()
    this.resolve(undefined)
  }

  /** Without an outcome the caller goes on with the request and says how it went. */
  private settle(outcome?: RequestOutcome): void {
    this.isSettled = true
    this.silence.close()
    this.endHalfCloseWatch()
    this.call.exchange.signal.removeEventListener('abort', this.onClientGone)
    if (outcome !== undefined) this.call.record?.finish(outcome)
  }

  private failureOf(error: Error): AppError {
    const host = new URL(this.call.baseUrl).host
    const code = this.isAnswering ? 'relay.stream-truncated' : 'relay.upstream-unreachable'
    const what = this.isAnswering ? 'cut the connection' : `(${host}) cannot be reached`
    return new AppError(code, `${this.call.upstreamName} ${what}: ${reasonOf(error)}.`, { cause: error })
  }
}
