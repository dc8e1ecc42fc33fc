import { INFERENCE_PATHS, type OllamaAnswerOptions, OllamaAnswers } from './ollama/answers.ts'
import { ModelStore, OLLAMA_LOADED, OLLAMA_MODELS, type OllamaEntry } from './ollama/model-store.ts'
import type { OllamaTraps } from './ollama/traps.ts'
import type { Reply } from './reply.ts'
import { type RecordedRequest, type StandIn, type StandInHandler, startStandIn } from './stand-in.ts'

export interface FakeOllamaOptions extends OllamaAnswerOptions {
  /** As in `/api/tags`, raw. */
  readonly models?: readonly OllamaEntry[]
  /** As in `/api/ps`, raw. */
  readonly loaded?: readonly OllamaEntry[]
}

export interface FakeOllama extends StandIn {
  /** Answers everything in this way until it is taken back with undefined. */
  behave(handler: StandInHandler | undefined): void
  /** Changes what can go wrong from the next request on. */
  set(traps: Partial<OllamaTraps>): void
  /** Answers the next inference requests in this way, one after the other. */
  script(...replies: readonly Reply[]): void
  /** Inference requests only. */
  asked(): readonly RecordedRequest[]
  /** Names of what is installed right now. */
  installed(): readonly string[]
  /** Names of what is loaded right now. */
  loaded(): readonly string[]
}

/**
 * An Ollama as it is documented (docs/api.md, server/routes.go, middleware/*.go of 2026-08): a `Host` that is not its
 * own gets an empty 403 while it listens on loopback, an `Origin` that is not allowed gets one too, there is no login,
 * and everything can be pulled and deleted by everybody.
 */
export async function startFakeOllama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const models = new ModelStore(options.models ?? OLLAMA_MODELS, options.loaded ?? OLLAMA_LOADED)
  const fake = new OllamaAnswers(models, options)
  const standIn = await startStandIn((request, response) => fake.answer(request, response))
  return {
    ...standIn,
    behave: (handler) => {
      fake.other = handler
    },
    set: (traps) => {
      fake.traps = { ...fake.traps, ...traps }
    },
    script: (...replies) => void fake.scripted.push(...replies),
    asked: () => standIn.requests.filter(({ path }) => INFERENCE_PATHS.has(path)),
    installed: () => models.tags(false).map(({ name }) => String(name)),
    loaded: () => models.loaded(0).map(({ name }) => String(name)),
  }
}
