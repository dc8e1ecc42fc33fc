import type { PromptBroker } from '../../src/main/ssh/link.ts'
import { AppError } from '../../src/shared/errors/app-error.ts'
import type { Answer, Question } from '../../src/shared/state/prompt.ts'

export interface FakePrompts extends PromptBroker {
  /** In the order in which they were asked. */
  readonly asked: readonly Question[]
}

/** A user who answers by a rule; a question without an answer is cancelled. */
export function fakePrompts(
  answer: (question: Question, count: number) => Answer | Promise<Answer> | undefined = () => undefined,
): FakePrompts {
  const asked: Question[] = []
  return {
    asked,
    ask: async (question, signal) => {
      signal.throwIfAborted()
      asked.push(question)
      const given = await answer(question, asked.length)
      if (given === undefined || given.kind === 'cancel') {
        throw new AppError('prompt.cancelled', `The question for the ${question.kind} was cancelled.`)
      }
      return given
    },
  }
}
