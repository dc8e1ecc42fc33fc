import type { BridgeApi } from '../shared/bridge-api/calls.ts'
import type { Answer, Prompt } from '../shared/state/prompt.ts'
import { askPerson } from './answer-prompt.ts'
import type { LiveView } from './live-view.ts'
import { TERMINAL } from './terminal-asker.ts'

/** Puts open questions to the person at the terminal, one after the other. @returns the function that ends it. */
export function answerOnTerminal(api: BridgeApi, view: LiveView): () => void {
  const asked = new Set<string>()
  let queue = Promise.resolve()
  let isOver = false
  const take = (prompts: readonly Prompt[]): void => {
    for (const prompt of prompts.filter(({ id }) => !asked.has(id))) {
      asked.add(prompt.id)
      queue = queue.then(() => (isOver ? undefined : answerOne(prompt)))
    }
  }
  const answerOne = async (prompt: Prompt): Promise<void> => {
    view.pause()
    try {
      const answer: Answer = await askPerson(prompt, TERMINAL).catch(() => ({ kind: 'cancel' }) as const)
      await api.answerPrompt({ id: prompt.id, answer })
    } catch {
      // The question has gone away while it was being answered.
    } finally {
      view.resume()
    }
  }
  const unsubscribe = api.on('state', ({ prompts }) => take(prompts))
  void api.getState({}).then(({ prompts }) => take(prompts))
  return () => {
    isOver = true
    unsubscribe()
  }
}
