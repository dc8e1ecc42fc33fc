import { AppError, fromFailure } from '../errors/app-error.ts'
import { BRIDGE_CALLS, type CallName } from './calls.ts'
import type { WireFailure } from './envelope.ts'
import type { PreloadAnswer } from './preload-api.ts'

/** What an answer holds. @throws AppError that the bridge failed with, or `api.malformed`. */
export function openAnswer(name: CallName, answer: PreloadAnswer): unknown {
  if (!answer.ok) throw fromFailure(known(answer.error))
  const result = BRIDGE_CALLS[name].result.safeParse(answer.result)
  if (result.success) return result.data
  throw new AppError('api.malformed', `The answer of the bridge to ${name} has another form than expected.`)
}

type KnownFailure = Parameters<typeof fromFailure>[0]

/** fromFailure copes with unknown codes at every depth; its type says so only for the outermost. */
function known(failure: WireFailure): KnownFailure {
  return failure as KnownFailure
}
