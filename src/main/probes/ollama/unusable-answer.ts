import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { HttpReply } from './exchange.ts'
import { isProxyAnswer } from './proxy-of.ts'

/** A refusal without a word, which stands for a foreign Host as well as for a foreign Origin. */
export class EmptyRefusal extends Error {
  override readonly name = 'EmptyRefusal'
}

/** Why an answer is not the one that an Ollama gives. */
export function unusableAnswer(base: URL, path: string, reply: HttpReply): AppError | EmptyRefusal {
  const { body, headers, status } = reply
  const place = base.host
  if (isProxyAnswer(status, headers)) {
    const name = headers.server ?? headers['proxy-agent'] ?? 'an HTTP proxy'
    return new AppError('ollama.proxy', `${String(name)} answers in place of ${place} (status ${status}).`)
  }
  if (status === 403 && body.trim() === '') return new EmptyRefusal()
  if (status === 401 || status === 403)
    return new AppError(
      'ollama.access-denied',
      `${place} lets nobody in without credentials (status ${status}).`,
    )
  if (status === 503 && !isPage(headers))
    return new AppError('ollama.busy', `Ollama at ${place} has no room in its queue (status 503).`)
  if (status === 502 || status === 503 || status === 504)
    return new AppError(
      'ollama.not-running',
      `A proxy answers at ${place}, but no Ollama behind it (status ${status}).`,
    )
  return new AppError('ollama.not-ollama', notOllama(place, path, reply), {
    ...(status >= 300 && status < 400
      ? { remedy: 'Use the address that it names in the browser, or that of Ollama itself.' }
      : {}),
  })
}

function notOllama(place: string, path: string, { headers, status }: HttpReply): string {
  if (status >= 300 && status < 400) return `${place} sends requests elsewhere, which no Ollama does.`
  const what = isPage(headers) ? 'with a page for people' : `with status ${status}`
  return `${place} answers ${path} ${what}, and not as an Ollama does.`
}

function isPage(headers: IncomingHttpHeaders): boolean {
  return /text\/html/.test(headers['content-type'] ?? '')
}
