import type { Prompt } from '../../shared/state/prompt.ts'
import { assertNever } from '../../shared/util/assert-never.ts'
import { action, type MenuLineModel } from './tray-item.ts'
import { words } from './words/words.ts'

/** Native dialogs have no field to type a secret into: those questions open a window. */
export function promptItem(prompt: Prompt): MenuLineModel {
  return action(promptWords(prompt), { kind: 'answer', promptId: prompt.id })
}

function promptWords(prompt: Prompt): string {
  const said = words.tray.prompt
  switch (prompt.kind) {
    case 'host-key':
      return said.hostKey(prompt.host)
    case 'passphrase':
      return said.passphrase(prompt.keyFile)
    case 'password':
      return said.password(`${prompt.user}@${prompt.host}`)
    case 'keyboard-interactive':
      return said.questions(`${prompt.user}@${prompt.host}`)
    default:
      return assertNever(prompt)
  }
}
