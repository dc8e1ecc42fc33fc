import type { Failure } from '../../shared/errors/app-error.ts'
import type { UpdateState } from '../../shared/state/desktop.ts'
import type { Answer, Prompt } from '../../shared/state/prompt.ts'
import { oneLine } from './words.ts'

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
    buttons: ['OK'],
    defaultId: 0,
    cancelId: 0,
  }
}

/** The same for settings that keep the app from starting; the first button opens their file. */
export function settingsBox(failure: Failure): MessageBox {
  return { ...failureBox(failure), buttons: ['Open the file', 'Quit'], defaultId: 0, cancelId: 1 }
}

/** What has come of looking for a newer version than `version`; nothing where the menu goes on to say it. */
export function updateBox(update: UpdateState, version: string): MessageBox | undefined {
  const box = { buttons: ['OK'], defaultId: 0, cancelId: 0 }
  if (update.kind === 'none')
    return { ...box, type: 'info', message: `Version ${version} is the newest.`, detail: '' }
  if (update.kind === 'available') {
    const message = `Version ${oneLine(update.version)} is available.`
    return { ...box, type: 'info', message, detail: 'The menu of the tray icon downloads it.' }
  }
  if (update.kind !== 'failed') return undefined
  const message = 'The update has not worked.'
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
    message: oneLine(`Is this the host key of ${host}, port ${port}?`, 300),
    detail: [
      `${oneLine(keyType)}\n${oneLine(fingerprint, 200)}`,
      'The bridge meets this host for the first time. Compare the fingerprint with the one that "ssh-keygen -lf" prints on the host itself, or that its owner gives you. An accepted key is written to known_hosts.',
    ].join('\n\n'),
    buttons: ['Accept', 'Refuse', 'Decide Later'],
    // Enter, pressed in the middle of something else, must not trust anybody.
    defaultId: 2,
    cancelId: 2,
  }
}

/** @returns `undefined` when the question stays open. */
export function hostKeyAnswer(button: number): Answer | undefined {
  return HOST_KEY_ANSWERS[button]
}
