import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { waitUntil } from './start-sshd.ts'

export interface AskOptions {
  readonly method?: string
  /** Sent as JSON unless it is a string or bytes already. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer that may still be on its way. Its program on the client machine reads it over a connection of its own. */
export interface OpenAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** All that has come so far. */
  text(): string
  /** Waits for this many whole events. */
  events(count: number): Promise<void>
  /** `broken`: the connection was cut, or ended in the middle of the answer. */
  readonly ended: Promise<'complete' | 'broken'>
  pause(): void
  resume(): void
  /** Goes away without a word. */
  leave(): void
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly end: 'complete' | 'broken'
}

/** Resolves with the head of the answer; rejects when there is none. */
export function open(url: string, options: AskOptions = {}): Promise<OpenAnswer> {
  return new Promise((resolve, reject) => {
    const { body, headers } = options
    const method = options.method ?? (body === undefined ? 'GET' : 'POST')
    const sent = request(url, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      agent: false,
    })
    sent.on('error', reject)
    sent.on('response', (response) => resolve(follow(response, () => sent.destroy())))
    sent.end(
      body === undefined || typeof body === 'string' || body instanceof Uint8Array
        ? body
        : JSON.stringify(body),
    )
  })
}

export async function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  const answer = await open(url, options)
  const end = await answer.ended
  return { status: answer.status, headers: answer.headers, text: answer.text(), end }
}

function follow(response: IncomingMessage, leave: () => void): OpenAnswer {
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (piece: string) => {
    text += piece
  })
  response.on('error', () => undefined)
  const ended = new Promise<'complete' | 'broken'>((resolve) =>
    response.once('close', () => resolve(response.complete ? 'complete' : 'broken')),
  )
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: () => text,
    events: async (count) => {
      if (!(await waitUntil(() => text.split('\n\n').length > count, 15_000)))
        throw new Error(`Fewer than ${count} events came:\n${text}`)
    },
    ended,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    leave,
  }
}

export const CHAT = { model: 'gpt-4.1', messages: [{ role: 'user', content: 'Who is there?' }] }

/** A chat completion that is streamed. */
export const STREAMED_CHAT = { ...CHAT, stream: true }

/** The message for people in an error of any of the dialects. */
export function errorMessage({ text }: Pick<Answer, 'text'>): string {
  const { error } = JSON.parse(text) as { error?: { message?: unknown } }
  if (typeof error?.message === 'string') return error.message
  throw new Error(`This is no error: ${text}`)
}
