import type { Failure } from '../../shared/errors/app-error.ts'
import type { StartedFlow } from '../../shared/protocol/relay-auth.ts'
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

/** A page that we open in the browser: at GitHub and nowhere else, whatever the relay says. */
export function isGitHubPage(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname, port, username, password } = new URL(address)
  const isPlain = port === '' && username === '' && password === ''
  return protocol === 'https:' && isPlain && (hostname === 'github.com' || hostname.endsWith('.ghe.com'))
}

export interface SignInBox {
  readonly box: MessageBox
  readonly choices: readonly SignInChoice[]
}
export type SignInChoice = 'copy-and-open' | 'copy' | 'cancel'

const CHOICE_LABELS: Readonly<Record<SignInChoice, string>> = {
  'copy-and-open': 'Copy Code and Open Browser',
  copy: 'Copy Code',
  cancel: 'Cancel',
}

/** The code comes first; a browser opens only after somebody has seen it. */
export function signInBox({ user_code, verification_uri, expires_in }: StartedFlow): SignInBox {
  const mayOpen = isGitHubPage(verification_uri)
  const choices: SignInChoice[] = mayOpen ? ['copy-and-open', 'copy', 'cancel'] : ['copy', 'cancel']
  const warning = mayOpen ? [] : ['This address is not one of GitHub: it is not opened from here.']
  return {
    choices,
    box: {
      type: 'info',
      message: `Your code: ${oneLine(user_code, 40)}`,
      detail: [
        `Enter it at ${oneLine(verification_uri, 200)} within ${Math.max(1, Math.floor(expires_in / 60))} minutes.`,
        ...warning,
        'Go on only if you have just asked to sign in from this menu.',
      ].join('\n\n'),
      buttons: choices.map((choice) => CHOICE_LABELS[choice]),
      defaultId: 0,
      cancelId: choices.length - 1,
    },
  }
}
