import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { Attempt } from './connect-failure.ts'
import type { OllamaWay } from './ollama-way.ts'

export interface HttpReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly skipped: readonly Attempt[]
}

export interface HttpQuestion {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  /** Name by which the server is called; that of the URL unless told. */
  readonly host?: string
  readonly signal: AbortSignal
}

/** The connection came about, and then something went wrong on it. */
export class ExchangeFailure extends Error {
  override readonly name = 'ExchangeFailure'
  /** An errno, a code of TLS or of the HTTP parser, or `TIMEOUT`. */
  readonly code: string

  constructor(code: string, cause: unknown) {
    super(code, { cause })
    this.code = code
  }
}

/** Ten thousand models are some five megabytes. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024

/**
 * One question on a connection of its own: one that is kept open may have died since the last, which would say
 * nothing about the server.
 *
 * @throws ConnectFailure, ExchangeFailure, AppError
 */
export async function exchange(base: URL, way: OllamaWay, question: HttpQuestion): Promise<HttpReply> {
  const isTls = base.protocol === 'https:'
  const hostName = base.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(base.port) || (isTls ? 443 : 80)
  const { socket, skipped } = await way.open(hostName, port, question.signal)
  try {
    const connection = isTls ? await withTls(socket, hostName, question.signal) : socket
    return { ...(await ask(base, connection, question)), skipped }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new ExchangeFailure(codeOf(error), error)
  } finally {
    socket.destroy()
  }
}

async function withTls(socket: Duplex, servername: string, signal: AbortSignal): Promise<Duplex> {
  const secured = connectTls({ socket, ...(/[a-z]/i.test(servername) ? { servername } : {}) })
  await once(secured, 'secureConnect', { signal })
  return secured
}

function ask(base: URL, connection: Duplex, question: HttpQuestion): Promise<Omit<HttpReply, 'skipped'>> {
  const { host = base.host, method = 'GET', path, signal } = question
  return new Promise((resolve, reject) => {
    const outgoing = request({
      method,
      path: `${base.pathname.replace(/\/$/, '')}${path}`,
      signal,
      createConnection: () => connection,
      headers: { host, accept: 'application/json', connection: 'close' },
    })
    connection.on('error', reject)
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const pieces: Buffer[] = []
      let size = 0
      response.on('error', reject)
      response.on('data', (piece: Buffer) => {
        size += piece.length
        if (size > ANSWER_MAX_BYTES)
          outgoing.destroy(new AppError('ollama.not-ollama', 'The answer has no end.'))
        pieces.push(piece)
      })
      response.on('end', () => {
        const body = Buffer.concat(pieces).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
      })
    })
    outgoing.end()
  })
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN'
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'TIMEOUT'
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error.message
}
