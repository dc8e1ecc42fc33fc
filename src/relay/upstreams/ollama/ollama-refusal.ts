import { AppError } from '../../../shared/errors/app-error.ts'
import type { Refusal } from '../forward.ts'
import { refusalError, refusalText } from '../refusal.ts'
import type { Refused } from '../upstream.ts'

/** A queue that is full moves on with every answer. */
const BUSY_RETRY_S = '5'

/**
 * What a refusal of Ollama means, and what to do about it.
 *
 * @param model as Ollama knows it; empty where none was asked for.
 */
export function ollamaRefusal(original: Refusal, model: string): Refused {
  const text = refusalText(original).slice(0, 300)
  const refusal = withoutSignIn(original, text)
  switch (original.status) {
    case 404:
      return { refusal, explanation: notFound(text, model) }
    case 401:
      return {
        refusal,
        explanation: explained('ollama.signed-out', 'Ollama is not signed in to ollama.com.'),
      }
    case 403:
      if (text !== '') break
      return {
        refusal,
        explanation: explained(
          'ollama.host-refused',
          'Ollama refuses the name by which the relay calls it.',
          HOST,
        ),
      }
    case 503:
      return {
        refusal: { ...refusal, headers: { 'retry-after': BUSY_RETRY_S, ...refusal.headers } },
        explanation: explained('ollama.busy', 'Ollama has no room in its queue (status 503).', BUSY),
      }
  }
  const general = refusalError('Ollama', original)
  const message = text === '' ? general.message : `${general.message} It says: ${text}`
  return { refusal, explanation: explained(general.code, message, REMEDIES.get(general.code)) }
}

const HOST =
  'Set ollama.host in config.json to a name that it takes, or take that line out: the usual one is localhost:11434.'
const BUSY =
  'Send the request again in some seconds; for more at once set OLLAMA_NUM_PARALLEL and OLLAMA_MAX_QUEUE over there.'

/** Where the usual words speak of an account. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['upstream.forbidden', 'See what Ollama says; ollama.com may be switched off there (OLLAMA_NO_CLOUD).'],
  ['upstream.overloaded', 'See the log of Ollama: the model may be too large for its memory.'],
  ['upstream.rate-limited', 'Wait, or choose a model that runs on the server itself.'],
])

function notFound(text: string, model: string): AppError {
  if (/\bpage not found\b/.test(text))
    return explained(
      'relay.wrong-endpoint',
      'This Ollama does not have that path.',
      'Update Ollama over there.',
    )
  return modelMissing(model)
}

export function modelMissing(model: string): AppError {
  const name = model.slice(0, 120)
  return explained(
    'ollama.model-missing',
    `The model "${name}" was not found in Ollama.`,
    `Load it on the relay: run "sovereign ollama pull ${name}" there, or choose one of those in /v1/models.`,
  )
}

function explained(code: AppError['code'], message: string, remedy?: string): AppError {
  return new AppError(code, message, remedy === undefined ? {} : { remedy })
}

/** The address for signing in names the machine and its key, which is for its owner to see. */
function withoutSignIn(refusal: Refusal, text: string): Refusal {
  if (refusal.status !== 401) return refusal
  return { ...refusal, body: Buffer.from(JSON.stringify({ error: text === '' ? 'unauthorized' : text })) }
}
