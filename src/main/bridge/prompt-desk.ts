import { randomUUID } from 'node:crypto'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Answer, Prompt, Question } from '../../shared/state/prompt.ts'
import type { PromptBroker } from '../ssh/link.ts'

interface OpenPrompt {
  readonly prompt: Prompt
  readonly answer: (answer: Answer) => void
}

/** Keeps the questions that wait for a person, whichever face that person sits at. */
export class PromptDesk implements PromptBroker {
  private readonly open = new Map<string, OpenPrompt>()
  private readonly ambient: Ambient
  private readonly onChange: (prompts: readonly Prompt[]) => void

  constructor(ambient: Ambient, onChange: (prompts: readonly Prompt[]) => void) {
    this.ambient = ambient
    this.onChange = onChange
  }

  ask(question: Question, signal: AbortSignal): Promise<Answer> {
    const prompt: Prompt = { id: randomUUID(), askedAt: this.ambient.now(), ...question }
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        signal.removeEventListener('abort', abort)
        this.open.delete(prompt.id)
        this.publish()
      }
      const abort = (): void => {
        finish()
        reject(new AppError('prompt.cancelled', `${titleOf(question)} was no longer needed.`))
      }
      if (signal.aborted) {
        reject(new AppError('prompt.cancelled', `${titleOf(question)} was no longer needed.`))
        return
      }
      signal.addEventListener('abort', abort)
      this.open.set(prompt.id, {
        prompt,
        answer: (answer) => {
          finish()
          if (answer.kind === 'cancel')
            reject(new AppError('prompt.cancelled', `${titleOf(question)} was cancelled.`))
          else resolve(answer)
        },
      })
      this.publish()
    })
  }

  /** @throws AppError `api.not-found` for a prompt that is gone, `api.invalid-arguments` for another kind of answer. */
  answer(id: string, answer: Answer): void {
    const found = this.open.get(id)
    if (found === undefined)
      throw new AppError('api.not-found', 'This question is not open any more.', {
        remedy: 'Look at the questions that are open now.',
      })
    if (answer.kind !== 'cancel' && answer.kind !== found.prompt.kind)
      throw new AppError(
        'api.invalid-arguments',
        `A ${found.prompt.kind} question got a ${answer.kind} answer.`,
      )
    found.answer(answer)
  }

  private publish(): void {
    this.onChange([...this.open.values()].map(({ prompt }) => prompt))
  }
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
