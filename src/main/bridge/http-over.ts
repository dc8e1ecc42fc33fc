import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors/app-error.ts'

const ANSWER_MAX_BYTES = 8 * 1024 * 1024

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
  /** The `Date` header: what time it is there, to the second. */
  readonly date: string | undefined
}

/** One HTTP exchange over a connection that exists already, an SSH channel for example; closes it afterwards. */
export function httpOver(connection: Duplex, call: HttpCall): Promise<HttpAnswer> {
  const payload = call.body === undefined ? '' : JSON.stringify(call.body)
  return new Promise<HttpAnswer>((resolve, reject) => {
    const exchange = request({
      method: call.method,
      path: call.path,
      signal: call.signal,
      createConnection: () => connection,
      headers: {
        host: 'localhost',
        connection: 'close',
        ...(payload === ''
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      },
    })
    exchange.on('error', reject)
    exchange.on('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > ANSWER_MAX_BYTES) exchange.destroy(new Error('the answer is too large'))
        chunks.push(chunk)
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8'),
          date: response.headers.date,
        }),
      )
    })
    exchange.end(payload)
  })
    .catch((cause: unknown) => {
      if (cause instanceof AppError) throw cause
      throw new AppError('relay.unreachable', `${call.path} was not answered: ${wordsFor(cause)}.`, { cause })
    })
    .finally(() => connection.destroy())
}

function wordsFor(cause: unknown): string {
  if (!(cause instanceof Error)) return 'the connection failed'
  if (cause.name === 'AbortError' || cause.name === 'TimeoutError') return 'it took too long'
  if ('code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE'))
    return 'the connection was cut'
  if ('code' in cause && typeof cause.code === 'string' && cause.code.startsWith('HPE_'))
    return 'it is no HTTP server'
  return cause.message
}
