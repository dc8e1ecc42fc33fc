import type { Prompt } from '../shared/state/prompt.ts'
import { assertNever } from '../shared/util/assert-never.ts'

/** What a prompt asks, in words for a person, and what there is to know about it. */
export function promptWords(prompt: Prompt): { readonly title: string; readonly details: readonly string[] } {
  switch (prompt.kind) {
    case 'host-key':
      return {
        title: `Is this the right ${prompt.host}, port ${prompt.port}? Its key was never seen before.`,
        details: [`${prompt.keyType} ${prompt.fingerprint}`],
      }
    case 'passphrase':
      return { title: `Passphrase of the key ${prompt.keyFile}${again(prompt.attempt)}`, details: [] }
    case 'password':
      return { title: `Password of ${prompt.user} at ${prompt.host}${again(prompt.attempt)}`, details: [] }
    case 'keyboard-interactive': {
      const { user, host, title, instructions } = prompt
      return {
        title: `${host} asks ${user}${title === '' ? '' : `: ${title}`}`,
        details: [instructions, ...prompt.questions.map(({ text }) => text)].filter(
          (text) => text.trim() !== '',
        ),
      }
    }
    default:
      return assertNever(prompt, 'prompt')
  }
}

function again(attempt: number): string {
  return attempt > 1 ? ` (attempt ${attempt}, the last one was wrong)` : ''
}
