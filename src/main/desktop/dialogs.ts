import type { Failure } from '../../shared/errors/app-error.ts'
import type { UpdateState } from '../../shared/state/desktop.ts'
import type { Answer, Prompt } from '../../shared/state/prompt.ts'
import { oneLine } from './one-line.ts'
import { words } from './words/words.ts'

const said = words.boxes

/** The part of a native message box that we use; Electron's own options are a superset. */
export interface MessageBox {
  readonly type: 'info' | 'question' | 'warning' | 'error'
  readonly message: string
  readonly detail: string
  readonly buttons: string[]
  readonly defaultId: number
  /** What closing the box without a choice stands for. */
  readonly cancelId: number
}

/** Shows a native message box. @returns the index of the chosen button. */
export type ShowMessageBox = (box: MessageBox) => Promise<number>

export function failureBox(failure: Failure): MessageBox {
  const causes = causesOf(failure).map(({ message }) => message)
  return {
    type: 'error',
    message: failure.message,
    detail: [...causes, failure.remedy].join('\n\n'),
    buttons: [said.ok],
    defaultId: 0,
    cancelId: 0,
  }
}

/** The same for settings that keep the app from starting; the first button opens their file. */
export function settingsBox(failure: Failure): MessageBox {
  return { ...failureBox(failure), buttons: [said.openFile, said.quit], defaultId: 0, cancelId: 1 }
}

/** What has come of looking for a newer version than `version`; nothing where the menu goes on to say it. */
export function updateBox(update: UpdateState, version: string): MessageBox | undefined {
  const box = { buttons: [said.ok], defaultId: 0, cancelId: 0 }
  if (update.kind === 'none') return { ...box, type: 'info', message: said.newest(version), detail: '' }
  if (update.kind === 'available') {
    const message = said.available(oneLine(update.version))
    return { ...box, type: 'info', message, detail: said.availableText }
  }
  if (update.kind !== 'failed') return undefined
  const message = said.updateFailed
  return { ...box, type: 'warning', message, detail: oneLine(update.reason, 500) }
}

function causesOf({ cause }: Failure): Failure[] {
  return cause === undefined ? [] : [cause, ...causesOf(cause)]
}

type HostKeyPrompt = Extract<Prompt, { kind: 'host-key' }>

const HOST_KEY_ANSWERS: readonly (Answer | undefined)[] = [
  { kind: 'host-key', accept: true },
  { kind: 'host-key', accept: false },
  undefined,
]

export function hostKeyBox({ host, port, keyType, fingerprint }: HostKeyPrompt): MessageBox {
  return {
    type: 'question',
    message: oneLine(said.hostKey(host, port), 300),
    detail: [`${oneLine(keyType)}\n${oneLine(fingerprint, 200)}`, said.hostKeyText].join('\n\n'),
    buttons: [said.accept, said.refuse, said.decideLater],
    // Enter, pressed in the middle of something else, must not trust anybody.
    defaultId: 2,
    cancelId: 2,
  }
}

/** @returns `undefined` when the question stays open. */
export function hostKeyAnswer(button: number): Answer | undefined {
  return HOST_KEY_ANSWERS[button]
}
