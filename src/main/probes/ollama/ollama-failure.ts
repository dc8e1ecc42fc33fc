import { AppError } from '../../../shared/errors/app-error.ts'

/** Why there was no answer at all, in words that name the way out. */
export function unansweredOllama(base: URL, error: unknown): AppError {
  if (error instanceof AppError) return error
  const place = base.host
  const code = codeOf(error)
  if (code === 'ECONNREFUSED')
    return new AppError('ollama.not-running', `Nothing listens on ${place}.`, {
      cause: error,
      ...(base.port === '' ? { remedy: PORTLESS } : {}),
    })
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new AppError('ollama.unreachable', `${base.hostname} has no address.`, {
      cause: error,
      remedy: 'Check the spelling of the host, and whether this machine needs a VPN for it.',
    })
  if (code.startsWith('ERR_SSL') || code === 'EPROTO')
    return new AppError('ollama.unreachable', `${place} does not speak TLS.`, {
      cause: error,
      remedy: 'Use an address that begins with http://.',
    })
  if (/CERT|SELF_SIGNED|ALTNAME|ISSUER/.test(code))
    return new AppError('ollama.unreachable', `The certificate of ${place} cannot be trusted (${code}).`, {
      cause: error,
      remedy: 'Give the server a certificate that this machine trusts.',
    })
  if (code === 'TimeoutError' || code === 'ETIMEDOUT' || code.startsWith('UND_ERR_'))
    return new AppError('ollama.unreachable', `${place} does not answer in time.`, { cause: error })
  return new AppError('ollama.unreachable', `The connection to ${place} was cut (${code}).`, { cause: error })
}

const PORTLESS =
  'Start Ollama, and name its port: http://… without one means port 80, and Ollama usually has 11434.'

export interface HttpReply {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Why an answer is not the one that an Ollama gives. */
export function unusableAnswer(base: URL, path: string, { status, headers, body }: HttpReply): AppError {
  const place = base.host
  if (status === 403 && body.trim() === '')
    return new AppError('ollama.host-refused', `Ollama refuses requests that call it ${place}.`)
  if (status === 401 || status === 403 || status === 407)
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
  if (status >= 300 && status < 400)
    return new AppError('ollama.not-ollama', `${place} sends requests elsewhere, which no Ollama does.`, {
      remedy: 'Use the address that it names in the browser, or that of Ollama itself.',
    })
  const what = isPage(headers) ? 'with a page for people' : `with status ${status}`
  return new AppError('ollama.not-ollama', `${place} answers ${path} ${what}, and not as an Ollama does.`)
}

function isPage(headers: Headers): boolean {
  return /text\/html/.test(headers.get('content-type') ?? '')
}

/** fetch wraps what happened, sometimes twice: once for all addresses of a name and once for each. */
function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at.name === 'TimeoutError' || at.name === 'AbortError') return 'TimeoutError'
    const { code } = at as NodeJS.ErrnoException
    if (typeof code === 'string') return code
    const [first]: unknown[] = at instanceof AggregateError ? at.errors : []
    if (first instanceof Error) return codeOf(first)
  }
  return 'no reason given'
}
