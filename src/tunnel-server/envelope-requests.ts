import { type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { HOP_BY_HOP } from '../node/hop-by-hop.ts'
import { AppError, toAppError } from '../shared/errors/app-error.ts'
import type { Envelope, PayloadOf } from '../shared/protocol/tunnel/envelopes.ts'
import { ENVELOPES } from '../shared/protocol/tunnel/wire.ts'
import { overTls } from './over-tls.ts'
import type { ServeContext } from './serve-context.ts'

export interface SendContext extends ServeContext {
  readonly send: (envelope: Envelope) => boolean
  /** Called whenever one is over. */
  readonly onIdle: () => void
}

/** For the whole of a request, as agents of the first version wait. */
const TOTAL_MS = 30_000
/** Bodies are held whole in this format, so there is a bound to all of them together. */
const MAX_AT_ONCE = 32
const MAX_BODY_TEXT = `${ENVELOPES.body / 2 ** 20} MiB`

/** `content-length` is made anew, as the body may be encoded otherwise, and `host` from the URL (RFC 9112 §3.2.2). */
const MADE_ANEW = new Set([...HOP_BY_HOP, 'transfer-encoding', 'content-length', 'expect', 'host'])

/**
 * The `http_request` of an agent: one exchange, no redirect followed, nothing tried twice. The answer is always one
 * `http_response`; a failure has `error` and the status that fits. Owns what is under way.
 */
export class EnvelopeRequests {
  private readonly context: SendContext
  private readonly open = new Map<string, AbortController>()

  constructor(context: SendContext) {
    this.context = context
  }

  get count(): number {
    return this.open.size
  }

  has(id: string): boolean {
    return this.open.has(id)
  }

  start(payload: PayloadOf<'http_request'>): void {
    const abort = new AbortController()
    const isTooMany = this.open.size >= MAX_AT_ONCE
    this.open.set(payload.id, abort)
    const closed = this.context.meters.streamOpened()
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(TOTAL_MS)])
    const exchange = isTooMany
      ? Promise.reject(
          new AppError('tunnel.full', `The tunnel server serves ${MAX_AT_ONCE} requests at once.`),
        )
      : this.exchange(payload, signal)
    void exchange
      .catch((error: unknown): PayloadOf<'http_response'> => this.failure(payload.id, error, signal))
      .then((answer) => {
        this.open.delete(payload.id)
        closed()
        if (abort.signal.aborted) return
        this.context.send({ type: 'http_response', payload: answer })
        this.context.onIdle()
      })
  }

  /** Idempotent. */
  close(): void {
    for (const abort of this.open.values()) abort.abort()
  }

  private async exchange(
    { id, method, url, headers, body }: PayloadOf<'http_request'>,
    signal: AbortSignal,
  ): Promise<PayloadOf<'http_response'>> {
    const target = URL.canParse(url) ? new URL(url) : undefined
    if (target === undefined || !/^https?:$/.test(target.protocol))
      throw new AppError('tunnel.protocol', 'A request needs an absolute http or https URL.')
    if (method === 'CONNECT')
      throw new AppError('tunnel.protocol', 'CONNECT is no request for a URL; a stream is opened instead.')
    const bytes = Buffer.from(body ?? '', 'base64')
    const stream = await this.dial(target, signal)
    try {
      const message = await send(stream, { method, target, headers: cleaned(headers), body: bytes, signal })
      const answer = await bodyOf(message)
      this.context.meters.addBytes(bytes.length, answer.length)
      const { statusCode = 502, headersDistinct } = message
      const kept = cleaned(headersDistinct as Record<string, string[]>)
      return { id, status_code: statusCode, headers: kept, body: answer.toString('base64') }
    } finally {
      stream.destroy()
    }
  }

  private async dial(target: URL, signal: AbortSignal): Promise<Duplex> {
    const host = target.hostname.replace(/^\[|\]$/g, '')
    const isSecure = target.protocol === 'https:'
    const port = target.port === '' ? (isSecure ? 443 : 80) : Number(target.port)
    const socket = await this.context.dial({ host, port }, signal)
    return isSecure ? await overTls(socket, host, signal) : socket
  }

  private failure(id: string, error: unknown, signal: AbortSignal): PayloadOf<'http_response'> {
    this.context.meters.streamsRefused += 1
    const timedOut = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
    const { code, message } = timedOut
      ? new AppError('egress.timeout', `The host did not answer within ${TOTAL_MS / 1000} s.`)
      : toAppError(error)
    if (code === 'internal.bug') this.context.log.error({ err: error }, 'a request failed')
    const status = STATUS[code] ?? 502
    const body = Buffer.from(`Tunnel error: ${message}`).toString('base64')
    return { id, status_code: status, headers: { 'Content-Type': ['text/plain'] }, body, error: message }
  }
}

const STATUS: Readonly<Record<string, number>> = {
  'egress.denied': 403,
  'egress.timeout': 504,
  'tunnel.protocol': 400,
  'tunnel.full': 503,
}

function cleaned(headers: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  const named = Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, values]) => values.join(',').split(','))
    .map((name) => name.trim().toLowerCase())
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !MADE_ANEW.has(name.toLowerCase()) && !named.includes(name.toLowerCase()))
      .map(([name, values]) => [name, [...values]]),
  )
}

interface Outgoing {
  readonly method: string
  readonly target: URL
  readonly headers: Record<string, string[]>
  readonly body: Buffer
  readonly signal: AbortSignal
}

function send(stream: Duplex, { body, headers, method, signal, target }: Outgoing): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => {
      const isBadAnswer = cause.code?.startsWith('HPE_') === true
      const [code, what] = isBadAnswer
        ? (['egress.bad-answer', 'did not answer with correct HTTP'] as const)
        : (['egress.unreachable', 'cut the connection'] as const)
      reject(new AppError(code, `${target.host} ${what}.`, { cause }))
    }
    try {
      const length = body.length > 0 ? { 'Content-Length': String(body.length) } : {}
      const call = request({
        // Only without an agent does it count; `agent: false` would make one, which dials by itself.
        createConnection: () => stream,
        method,
        path: `${target.pathname}${target.search}`,
        headers: { ...headers, Host: target.host, ...length },
        setHost: false,
        signal,
      })
      // Node drops those beyond about a thousand without a word.
      call.maxHeadersCount = 0
      call.once('response', resolve).on('error', fail).end(body)
    } catch (cause) {
      reject(
        new AppError('tunnel.protocol', 'The request has a method or header that HTTP forbids.', { cause }),
      )
    }
  })
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let total = 0
  try {
    for await (const piece of message) {
      total += (piece as Buffer).length
      if (total > ENVELOPES.body) break
      pieces.push(piece as Buffer)
    }
  } catch (cause) {
    throw new AppError('egress.unreachable', 'The host cut its answer short.', { cause })
  }
  if (total > ENVELOPES.body)
    throw new AppError(
      'egress.bad-answer',
      `The answer is larger than ${MAX_BODY_TEXT}; ask for it by CONNECT.`,
    )
  return Buffer.concat(pieces)
}
