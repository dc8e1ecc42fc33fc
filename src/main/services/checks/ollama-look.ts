import { toFailure } from '../../../shared/errors/app-error.ts'
import type { Settings } from '../../../shared/settings/schema.ts'
import type { OllamaState } from '../../../shared/state/ollama.ts'
import { activeProfile, placeOf } from '../../bridge/profile.ts'
import { askOllama } from '../../probes/ollama/ask-ollama.ts'
import { type Finding, failedFor, type Look, ok, skipped, warning } from './check.ts'

/** The Ollama of the settings, without a bridge that knows of it. */
export function ownOllamaLook(settings: Settings | undefined): Look {
  return { id: 'ollama', title: 'Ollama', run: (signal) => look(settings, signal) }
}

/** Time to look around is left, where there is no answer. */
const ASK_MS = 10_000

async function look(settings: Settings | undefined, signal: AbortSignal): Promise<Finding> {
  const ollama = settings === undefined ? undefined : activeProfile(settings).ollama
  if (ollama === undefined) return skipped('The profile names none.')
  if (ollama.via !== undefined)
    return skipped(`It is asked from ${placeOf(ollama.via)}, which only a running bridge does.`)
  const place = new URL(ollama.url).host
  const at = 0
  const answer = askOllama(ollama.url, AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]), {
    asksAccount: true,
  })
  return ollamaFinding(
    await answer.then(
      (facts): OllamaState => ({ kind: 'ok', place, at, roundTripMs: 0, ...facts }),
      (error: unknown): OllamaState => ({ kind: 'failing', place, at, cause: toFailure(error) }),
    ),
  )
}

/** What is said of an Ollama, and what to do about it. */
export function ollamaFinding(ollama: OllamaState): Finding {
  if (ollama.kind === 'failing') return failedFor(ollama.cause)
  if (ollama.kind !== 'ok') return skipped('It has not answered yet.')
  const from = ollama.via === undefined ? '' : ` (asked from ${ollama.via})`
  const cloud = ollama.models.filter(({ isCloud }) => isCloud).length
  const there = cloud === 0 ? '' : `, ${cloud} of them at ollama.com`
  const answers = `Ollama ${ollama.version} at ${ollama.place}${from} has ${countOf(ollama.models.length, 'model')}${there}.`
  // A model that has to be loaded first is how it usually is.
  const harmful = ollama.notes.filter(({ code }) => code !== 'ollama.cold')
  const said = ollama.notes.map(({ message }) => message)
  if (harmful.length === 0) return ok([answers, ...said].join(' '))
  return warning(said.join(' '), harmful.map(({ remedy }) => remedy).join(' '))
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
