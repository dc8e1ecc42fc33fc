import type { Prompt } from '../../../shared/state/prompt.ts'

/** What a dialog shows, and what has to be said about the one before it. */
export interface PromptQueue {
  readonly current: Prompt | undefined
  readonly waiting: number
  /** A question that was open here and went away without an answer from here. */
  readonly gone: Prompt | undefined
}

export interface SeenPrompt {
  readonly shown: Prompt | undefined
  readonly gone: Prompt | undefined
}

export const NOTHING_SEEN: SeenPrompt = { shown: undefined, gone: undefined }

/**
 * The oldest question stays in front until it is gone, whatever comes behind it.
 *
 * @param answered ids that were answered here, whose going away needs no word.
 */
export function nextPrompt(
  { shown, gone }: SeenPrompt,
  prompts: readonly Prompt[],
  answered: ReadonlySet<string>,
): PromptQueue {
  const still = shown === undefined ? undefined : prompts.find(({ id }) => id === shown.id)
  if (still !== undefined) return { current: still, waiting: prompts.length - 1, gone }
  const [current] = prompts.filter(({ id }) => !answered.has(id))
  const wentAway = shown !== undefined && !answered.has(shown.id) ? shown : undefined
  return { current, waiting: Math.max(0, prompts.length - 1), gone: wentAway ?? gone }
}
