import { type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import { AppError } from '../shared/errors/app-error.ts'
import { failureOf, unreachable } from './admin-client.ts'

export interface AdminStreamCall {
  readonly path: string
  readonly body: unknown
  /** Breaks the call off, and with it what the relay does for it. */
  readonly signal: AbortSignal
}

/**
 * A call over the admin socket of a relay whose answer comes in lines of JSON, as long as it takes.
 *
 * @throws AppError as {@link adminRequest} does; whatever `signal` was aborted with.
 */
export async function* adminStream(socketPath: string, call: AdminStreamCall): AsyncGenerator<unknown, void> {
  const answer = await openAnswer(socketPath, call)
  const status = answer.statusCode ?? 0
  try {
    if (status >= 400)
      throw failureOf(parse(await textOf(answer)), `${call.path} was answered with ${status}.`)
    for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY }))
      if (line.trim() !== '') yield parse(line)
    call.signal.throwIfAborted()
    if (!answer.complete)
      throw new AppError('relay.unreachable', `The relay at ${socketPath} broke off in the middle.`)
  } finally {
    answer.destroy()
  }
}

function openAnswer(socketPath: string, { path, body, signal }: AdminStreamCall): Promise<IncomingMessage> {
  const payload = JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
    const sent = request({ socketPath, method: 'POST', path, headers, signal, agent: false }, (answer) => {
      // Told by `complete`.
      answer.on('error', () => undefined)
      resolve(answer)
    })
    sent.on('error', (error) => reject(signal.aborted ? signal.reason : unreachable(socketPath, error)))
    sent.end(payload)
  })
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of answer) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new AppError('relay.not-a-relay', 'The relay answered with something that is no JSON.', { cause })
  }
}
