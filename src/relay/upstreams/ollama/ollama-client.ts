import type { Dispatcher } from 'undici'
import type { z } from 'zod'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { OllamaSettings } from '../../config/ollama-settings.ts'
import type { Refusal } from '../forward.ts'
import { reasonOf, sendRequest } from '../http-client.ts'
import { ollamaRefusal } from './ollama-refusal.ts'

/** A server that loads a model answers late, also to small questions. */
const TIMEOUT_MS = 10_000
/** Ten thousand models are some five megabytes. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024

export interface OllamaReply extends Refusal {
  readonly text: string
}

/** Small questions to an Ollama, with nothing in them that a client has sent. */
export class OllamaClient {
  readonly settings: OllamaSettings
  readonly dispatcher: Dispatcher

  constructor(settings: OllamaSettings, dispatcher: Dispatcher) {
    this.settings = settings
    this.dispatcher = dispatcher
  }

  /** What every request carries. An `Origin` or a name that Ollama does not know would be answered with 403. */
  get headers(): Record<string, string> {
    return { host: this.settings.host, accept: 'application/json' }
  }

  /** @throws AppError `relay.upstream-unreachable` */
  async ask(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { body, signal }: { readonly body?: object; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<OllamaReply> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS)
    try {
      const reply = await sendRequest(`${this.settings.url}${path}`, {
        ...{ dispatcher: this.dispatcher, method },
        headers: { ...this.headers, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })
      const bytes = await limited(reply.body)
      return { status: reply.statusCode, headers: reply.headers, body: bytes, text: bytes.toString() }
    } catch (error) {
      if (error instanceof AppError) throw error
      signal?.throwIfAborted()
      throw unreachable(this.settings, error)
    }
  }

  /** @throws AppError also for what is no answer of an Ollama. */
  async read<T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>): Promise<T> {
    return readReply(await this.ask(method, path), path, schema)
  }
}

/** @throws AppError `ollama.unusable`, `ollama.host-refused`, `ollama.access-denied`, `ollama.busy` */
export function readReply<T>(reply: OllamaReply, path: string, schema: z.ZodType<T>): T {
  if (reply.status !== 200) throw unread(reply, path)
  const parsed = schema.safeParse(parse(reply.text))
  if (parsed.success) return parsed.data
  throw new AppError('ollama.unusable', `What answers ${path} is no Ollama.`)
}

/** Nothing of Ollama asks for a login, nor does reading need an account at ollama.com. */
function unread(reply: OllamaReply, path: string): AppError {
  if (reply.status === 401 || reply.status === 407)
    return new AppError(
      'ollama.access-denied',
      `Something before Ollama wants a login (status ${reply.status}).`,
    )
  const { explanation } = ollamaRefusal(reply, '')
  if (explanation.code === 'ollama.host-refused' || explanation.code === 'ollama.busy') return explanation
  const { message, remedy } = explanation
  return new AppError('ollama.unusable', `Ollama does not answer ${path}: ${message}`, { remedy })
}

/** Says what to look at where it does not answer at all. */
export function unreachable({ url }: OllamaSettings, error: unknown): AppError {
  const { host } = new URL(url)
  return new AppError(
    'relay.upstream-unreachable',
    `Ollama (${host}) cannot be reached: ${reasonOf(error)}.`,
    {
      cause: error,
      remedy: notReached(host),
    },
  )
}

export function notReached(host: string): string {
  return `Check that Ollama runs and listens for the relay at ${host} (OLLAMA_HOST there), and that no firewall is in between.`
}

async function limited(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > ANSWER_MAX_BYTES) throw new AppError('ollama.unusable', 'The answer has no end.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
