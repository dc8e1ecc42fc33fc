import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { type BackToClient, unaskedSwitch } from './back-to-client.ts'

export interface FullExchangeOptions {
  readonly request: IncomingMessage
  readonly back: BackToClient
  /** Where the connection comes from, and what is asked for. */
  readonly send: RequestOptions
  readonly expectsContinue: boolean
  /** How long the host may take to begin its answer once it has the whole request, in milliseconds. */
  readonly answerMs: number
  readonly onFailure: (error: unknown) => void
}

/**
 * A request with a body. Node's own client does it, because undici knows no Expect, sends no trailers and destroys the
 * body, and with it the client's connection, when a host answers before it has read everything.
 *
 * @returns what cuts the connection to the host.
 */
export function startFullExchange(options: FullExchangeOptions): () => void {
  const { request, back, send, onFailure } = options
  const upstream = httpRequest(send)
  // As in proxy.ts: Node drops those beyond about a thousand.
  upstream.maxHeadersCount = 0
  let isOver = false
  const fail = (error: unknown): void => {
    if (isOver) return
    isOver = true
    request.unpipe(upstream).resume()
    upstream.destroy()
    onFailure(error)
  }
  const onClose = (): void => fail(new Error('The connection was closed.'))
  upstream.on('error', fail).on('close', onClose)
  upstream.on('upgrade', (_answer, stream) => {
    stream.destroy()
    fail(unaskedSwitch())
  })
  upstream.on('continue', () => back.interim(100, 'Continue', []))
  upstream.on('information', ({ statusCode, statusMessage, rawHeaders }) => {
    // 100 has an event of its own.
    if (statusCode === 100) return
    try {
      back.interim(statusCode, statusMessage, rawHeaders)
    } catch (error) {
      fail(error)
    }
  })
  upstream.on('response', (answer) => {
    if (isOver) return
    // From now on the answer tells what happens, which may still be read long after its connection has closed.
    upstream.off('close', onClose)
    // Whether the body of a request that was not to be continued still comes is not known to anybody, and a host that
    // closes will not take the rest of one.
    if (!request.complete && (options.expectsContinue || !upstream.shouldKeepAlive))
      back.response.shouldKeepAlive = false
    passBack(answer, back, fail, () => {
      isOver = true
      if (upstream.writableFinished) return
      // Answered before all was read: the host does not want the rest, and the client may send it to nobody.
      request.unpipe(upstream).resume()
      upstream.destroy()
    })
  })
  sendBody(request, upstream, options)
  return () => {
    isOver = true
    upstream.destroy()
  }
}

function sendBody(request: IncomingMessage, upstream: ClientRequest, options: FullExchangeOptions): void {
  // Only now does the time run in which the host has to answer: uploads take as long as they take.
  request.once('end', () => {
    const trailers = pairsOf(request.rawTrailers)
    if (trailers.length > 0 && !upstream.destroyed) upstream.addTrailers(trailers)
    const timer = setTimeout(() => {
      upstream.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }))
    }, options.answerMs)
    upstream.once('response', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
  })
  request.pipe(upstream)
  upstream.flushHeaders()
}

function passBack(
  answer: IncomingMessage,
  back: BackToClient,
  fail: (error: unknown) => void,
  onDone: () => void,
): void {
  try {
    back.begin(answer.statusCode ?? 502, answer.statusMessage ?? '', answer.rawHeaders)
  } catch (error) {
    fail(error)
    return
  }
  const resume = (): void => void answer.resume()
  back.response.on('drain', resume)
  answer.on('data', (bytes: Buffer) => {
    if (!back.body(bytes)) answer.pause()
  })
  answer.on('error', fail)
  answer.on('end', () => {
    back.response.off('drain', resume)
    onDone()
    back.end(answer.rawTrailers)
  })
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let index = 0; index < flat.length; index += 2) pairs.push([flat[index] ?? '', flat[index + 1] ?? ''])
  return pairs
}
