import { AppError, type Failure, toFailure } from '../../../shared/errors/app-error.ts'
import type { LoadedModel, OllamaModel } from '../../../shared/state/ollama.ts'
import type { Attempt } from './connect-failure.ts'
import { proxyFor } from './proxy-of.ts'
import type { Surroundings } from './surroundings.ts'

interface Seen {
  readonly models: readonly OllamaModel[]
  readonly loaded: readonly LoadedModel[]
  /** Status of the question for the account; undefined where it was not asked. */
  readonly account: number | undefined
  /** Addresses of the name that did not answer. */
  readonly skipped: readonly Attempt[]
  readonly via: string | undefined
}

/** What to know of an Ollama that answers; the most harmful first. */
export function notesOn(base: URL, seen: Seen, { env }: Pick<Surroundings, 'env'>): Failure[] {
  return [
    ...contextNote(seen.loaded),
    ...localhostNote(base, seen),
    ...(seen.via === undefined ? proxyNote(base, env) : []),
    ...accountNote(seen),
    ...coldNote(seen),
  ].map(toFailure)
}

function contextNote(loaded: readonly LoadedModel[]): AppError[] {
  const [first, ...others] = loaded.filter(({ hasShortContext }) => hasShortContext)
  if (first === undefined) return []
  const more = others.length === 0 ? '' : `, and ${others.length} more with too little`
  const message = `${first.name} is loaded with a context of ${first.contextLength ?? 0} tokens${more}: coding agents lose the beginning of a conversation.`
  return [new AppError('ollama.short-context', message)]
}

function localhostNote({ hostname, port }: URL, { skipped }: Seen): AppError[] {
  const [first] = skipped
  if (first === undefined || hostname !== 'localhost') return []
  const message = `localhost means ${first.address} first on this computer, where nothing answers: programs that try no second address do not find Ollama.`
  return [
    new AppError('ollama.localhost', message, {
      remedy: `Write http://127.0.0.1:${port} in their settings.`,
    }),
  ]
}

function proxyNote(base: URL, env: Surroundings['env']): AppError[] {
  const found = proxyFor(base, env)
  if (found === undefined) return []
  const host = base.hostname
  const message = `${found.name} sends programs of this computer that ask ${base.host} to the proxy ${found.proxy}, which does not know it.`
  return [new AppError('ollama.proxy', message, { remedy: `Add ${host} to NO_PROXY.` })]
}

function accountNote({ account, models }: Seen): AppError[] {
  if (account !== 401) return []
  const cloud = models.filter(({ isCloud }) => isCloud).map(({ name }) => name)
  const what = cloud.length === 1 ? `${cloud[0]} runs` : `${cloud.length} models run`
  return [new AppError('ollama.signed-out', `${what} at ollama.com, and Ollama is not signed in there.`)]
}

function coldNote({ loaded, models }: Seen): AppError[] {
  if (loaded.length > 0 || models.every(({ isCloud }) => isCloud)) return []
  return [new AppError('ollama.cold', 'No model is loaded: the first answer waits until one is.')]
}
