import { randomUUID } from 'node:crypto'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Answer, Prompt, Question } from '../../shared/state/prompt.ts'
import type { PromptBroker } from '../ssh/link.ts'

interface Waiter {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: AppError) => void
}

interface OpenPrompt {
  readonly prompt: Prompt
  readonly waiters: Set<Waiter>
}

/**
 * Keeps the questions that wait for a person, whichever face that person sits at. Several connections that
 * wait for the same answer, such as the passphrase of a key they share, ask once.
 */
export class PromptDesk implements PromptBroker {
  private readonly open = new Map<string, OpenPrompt>()
  private readonly ambient: Ambient
  private readonly onChange: (prompts: readonly Prompt[]) => void

  constructor(ambient: Ambient, onChange: (prompts: readonly Prompt[]) => void) {
    this.ambient = ambient
    this.onChange = onChange
  }

  ask(question: Question, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    if (signal.aborted) {
      reject(noLongerNeeded(question))
      return promise
    }
    const found = this.sameAs(question) ?? this.put(question)
    const waiter: Waiter = { resolve, reject }
    found.waiters.add(waiter)
    const abort = (): void => {
      found.waiters.delete(waiter)
      if (found.waiters.size === 0) this.take(found)
      reject(noLongerNeeded(question))
    }
    signal.addEventListener('abort', abort, { once: true })
    return promise.finally(() => signal.removeEventListener('abort', abort))
  }

  /** @throws AppError `api.not-found` for a prompt that is gone, `api.invalid-arguments` for another kind of answer. */
  answer(id: string, answer: Answer): void {
    const found = this.open.get(id)
    if (found === undefined)
      throw new AppError('api.not-found', 'This question is not open any more.', {
        remedy: 'Look at the questions that are open now.',
      })
    const { prompt, waiters } = found
    if (answer.kind !== 'cancel' && answer.kind !== prompt.kind)
      throw new AppError('api.invalid-arguments', `A ${prompt.kind} question got a ${answer.kind} answer.`)
    this.take(found)
    for (const { resolve, reject } of waiters) {
      if (answer.kind === 'cancel')
        reject(new AppError('prompt.cancelled', `${titleOf(prompt)} was cancelled.`))
      else resolve(answer)
    }
  }

  private put(question: Question): OpenPrompt {
    const prompt: Prompt = { id: randomUUID(), askedAt: this.ambient.now(), ...question }
    const opened: OpenPrompt = { prompt, waiters: new Set() }
    this.open.set(prompt.id, opened)
    this.publish()
    return opened
  }

  private take({ prompt }: OpenPrompt): void {
    if (this.open.delete(prompt.id)) this.publish()
  }

  private sameAs(question: Question): OpenPrompt | undefined {
    const wanted = keyOf(question)
    if (wanted === undefined) return undefined
    return [...this.open.values()].find(({ prompt }) => keyOf(prompt) === wanted)
  }

  private publish(): void {
    this.onChange([...this.open.values()].map(({ prompt }) => prompt))
  }
}

/** Equal for questions that one answer serves; a second factor is good for one login only. */
function keyOf(question: Question): string | undefined {
  switch (question.kind) {
    case 'host-key':
      return `host-key ${question.host} ${question.port} ${question.fingerprint}`
    case 'passphrase':
      return `passphrase ${question.keyFile} ${question.attempt}`
    case 'password':
      return `password ${question.user} ${question.host} ${question.attempt}`
    case 'keyboard-interactive':
      return undefined
  }
}

function noLongerNeeded(question: Question): AppError {
  return new AppError('prompt.cancelled', `${titleOf(question)} was no longer needed.`)
}

function titleOf(question: Question): string {
  switch (question.kind) {
    case 'host-key':
      return `The question about the key of ${question.host}`
    case 'passphrase':
      return `The question for the passphrase of ${question.keyFile}`
    case 'password':
    case 'keyboard-interactive':
      return `The login question of ${question.user}@${question.host}`
  }
}
