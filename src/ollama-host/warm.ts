import type { Ambient } from '../node/ambient.ts'
import { AppError, type Failure, toFailure } from '../shared/errors/app-error.ts'
import { isCloudName } from '../shared/protocol/ollama-api.ts'
import type { LoadedModel } from '../shared/state/ollama.ts'
import { askHost, loadedAt, type Reply } from './ollama-client.ts'

export interface WarmOptions {
  readonly url: string
  readonly mayPull: boolean
  /** As Ollama writes it; the server's own where it is left out. */
  readonly keepAlive: string | undefined
  readonly signal: AbortSignal
  readonly ambient: Ambient
  readonly onProgress: (model: string, progress: PullProgress) => void
}

/** Bytes of the layer that is on its way. */
export interface PullProgress {
  readonly status: string
  readonly total: number | undefined
  readonly completed: number | undefined
}

export type Warmed =
  | {
      readonly kind: 'loaded'
      readonly model: string
      readonly loadMs: number
      readonly isPulled: boolean
      /** As /api/ps tells it; undefined where it does not. */
      readonly found: LoadedModel | undefined
    }
  | { readonly kind: 'failed'; readonly model: string; readonly cause: Failure }

/** Loads a model, and pulls it before where that is wanted; never rejects but for an aborted signal. */
export async function warmModel(model: string, options: WarmOptions): Promise<Warmed> {
  try {
    if (isCloudName(model))
      throw new AppError('ollama.model-failed', `${model} runs at ollama.com: there is nothing to load.`, {
        remedy: 'Leave it out.',
      })
    return await load(model, options)
  } catch (error) {
    options.signal.throwIfAborted()
    return { kind: 'failed', model, cause: toFailure(error) }
  }
}

async function load(model: string, options: WarmOptions): Promise<Warmed> {
  const { ambient, mayPull, signal, url } = options
  let isPulled = false
  let startedAt = ambient.monotonicMs()
  let reply = await askToLoad(model, options)
  if (reply.status === 404 && mayPull) {
    await pull(model, options)
    isPulled = true
    startedAt = ambient.monotonicMs()
    reply = await askToLoad(model, options)
  }
  mustBeLoaded(model, reply)
  const loadMs = ambient.monotonicMs() - startedAt
  const found = (await loadedAt(url, signal)).find(({ name }) => isSameModel(name, model))
  return { kind: 'loaded', model, loadMs, isPulled, found }
}

/** A request without a prompt loads a model and nothing else; those for embeddings know another one only. */
async function askToLoad(model: string, { keepAlive, signal, url }: WarmOptions): Promise<Reply> {
  const keep = keepAlive === undefined ? {} : { keep_alive: keepAliveValue(keepAlive) }
  const reply = await askHost(url, '/api/generate', {
    method: 'POST',
    body: { model, stream: false, ...keep },
    signal,
  })
  const isForEmbeddings = reply.status === 400 && /does not support generate/.test(String(reply.json.error))
  if (!isForEmbeddings) return reply
  return askHost(url, '/api/embed', { method: 'POST', body: { model, input: '', ...keep }, signal })
}

/** Numbers are seconds, and only as numbers; texts need a unit. */
function keepAliveValue(text: string): string | number {
  return /^-?\d+$/.test(text) ? Number(text) : text
}

function mustBeLoaded(model: string, { json, status }: Reply): void {
  const said = typeof json.error === 'string' ? json.error : `status ${status}`
  if (status === 200 && json.error === undefined) return
  if (status === 404)
    throw new AppError('ollama.model-missing', `${model} is not installed.`, {
      remedy: `Pull it with "ollama pull ${model}", or give --pull.`,
    })
  if (status === 503) throw new AppError('ollama.busy', `Ollama has no room in its queue: ${said}.`)
  throw new AppError('ollama.model-failed', `${model} could not be loaded: ${said}.`)
}

/** Failures of a pull come inside of an answer that began well. */
async function pull(model: string, { onProgress, signal, url }: WarmOptions): Promise<void> {
  let failure: string | undefined
  let last = ''
  const reply = await askHost(url, '/api/pull', {
    method: 'POST',
    body: { model },
    signal,
    onLine: ({ status, total, completed, error }) => {
      if (typeof error === 'string') failure = error
      if (typeof status !== 'string') return
      last = status
      onProgress(model, { status, total: amount(total), completed: amount(completed) })
    },
  })
  if (reply.status !== 200) failure ??= String(reply.json.error ?? `status ${reply.status}`)
  if (failure === undefined && last === 'success') return
  throw new AppError(
    'ollama.model-failed',
    `${model} could not be pulled: ${failure ?? 'the answer broke off'}.`,
  )
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function isSameModel(one: string, other: string): boolean {
  const full = (name: string): string => (name.includes(':') ? name : `${name}:latest`)
  return full(one) === full(other)
}
