import type { Prompt } from '../../shared/state/prompt.ts'
import { assertNever } from '../../shared/util/assert-never.ts'
import { action, type MenuLineModel } from './tray-item.ts'

/** Native dialogs have no field to type a secret into: those questions open a window. */
export function promptItem(prompt: Prompt): MenuLineModel {
  return action(promptWords(prompt), { kind: 'answer', promptId: prompt.id })
}

function promptWords(prompt: Prompt): string {
  switch (prompt.kind) {
    case 'host-key':
      return `Check the unknown host key of ${prompt.host}…`
    case 'passphrase':
      return `Type the passphrase of ${prompt.keyFile}…`
    case 'password':
      return `Type the password of ${prompt.user}@${prompt.host}…`
    case 'keyboard-interactive':
      return `Answer ${prompt.user}@${prompt.host}…`
    default:
      return assertNever(prompt)
  }
}
