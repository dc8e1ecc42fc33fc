import { request } from 'node:http'
import { AppError } from '../shared/errors/app-error.ts'
import {
  installedModels,
  loadedModels,
  ollamaPsSchema,
  ollamaTagsSchema,
  ollamaVersionSchema,
} from '../shared/protocol/ollama-api.ts'
import type { LoadedModel, OllamaModel } from '../shared/state/ollama.ts'

export interface Reply {
  readonly status: number
  readonly json: Readonly<Record<string, unknown>>
}

export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly body?: unknown
  readonly signal?: AbortSignal
  /** Called for every line of an answer that comes in lines, which is then not kept. */
  readonly onLine?: (line: Readonly<Record<string, unknown>>) => void
}

const ANSWER_MAX_CHARACTERS = 16 * 1024 * 1024

/**
 * One question to the Ollama of this machine. Goes there straight, whatever HTTP_PROXY says, and waits as long as it
 * takes: a large model takes minutes to load.
 *
 * @throws AppError `ollama.not-running`, `ollama.silent`
 */
export async function askHost(base: string, path: string, ask: Ask = {}): Promise<Reply> {
  const { body, method = 'GET', onLine, signal } = ask
  const payload = body === undefined ? '' : JSON.stringify(body)
  const { host } = new URL(base)
  return await new Promise<Reply>((resolve, reject) => {
    const exchange = request(new URL(path, base), {
      method,
      // None of its own: no proxy of the environment, and no connection that may have died since.
      agent: false,
      headers: payload === '' ? {} : { 'content-type': 'application/json' },
      ...(signal === undefined ? {} : { signal }),
    })
    exchange.on('error', (cause) => reject(unanswered(host, cause)))
    exchange.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('error', (cause) => reject(unanswered(host, cause)))
      response.on('data', (piece: string) => {
        text += piece
        if (text.length > ANSWER_MAX_CHARACTERS) exchange.destroy(new Error('the answer has no end'))
        if (onLine === undefined || response.statusCode !== 200) return
        const lines = text.split('\n')
        text = lines.pop() ?? ''
        for (const line of lines) if (line.trim() !== '') onLine(objectIn(line))
      })
      response.on('end', () => {
        if (onLine !== undefined && response.statusCode === 200 && text.trim() !== '') onLine(objectIn(text))
        resolve({ status: response.statusCode ?? 0, json: objectIn(text) })
      })
    })
    exchange.end(payload)
  })
}

function unanswered(host: string, cause: Error): AppError {
  const { code = cause.message } = cause as NodeJS.ErrnoException
  if (cause.name === 'TimeoutError' || cause.name === 'AbortError')
    return new AppError('ollama.silent', `${host} does not answer in time.`, { cause })
  if (code === 'ECONNREFUSED')
    return new AppError('ollama.not-running', `Nothing listens on ${host}.`, { cause })
  return new AppError('ollama.not-running', `${host} does not answer (${code}).`, { cause })
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // A page for people, or half a line: the status says the rest.
    return {}
  }
}

/** @returns the version; undefined where something else answers. */
export async function versionAt(base: string, signal?: AbortSignal): Promise<string | undefined> {
  const { status, json } = await askHost(base, '/api/version', signal === undefined ? {} : { signal })
  const parsed = ollamaVersionSchema.safeParse(json)
  return status === 200 && parsed.success ? parsed.data.version : undefined
}

export async function modelsAt(base: string, signal?: AbortSignal): Promise<OllamaModel[]> {
  const { json } = await askHost(base, '/api/tags', signal === undefined ? {} : { signal })
  return installedModels(ollamaTagsSchema.parse(json))
}

export async function loadedAt(base: string, signal?: AbortSignal): Promise<LoadedModel[]> {
  const { json } = await askHost(base, '/api/ps', signal === undefined ? {} : { signal })
  return loadedModels(ollamaPsSchema.parse(json))
}
