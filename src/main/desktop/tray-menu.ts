import type { BridgeState, ListenerState } from '../../shared/state/bridge-state.ts'
import type { Prompt } from '../../shared/state/prompt.ts'
import { assertNever } from '../../shared/util/assert-never.ts'
import { isSignedIn, mayRetry, type TrayIcon, type TrayStatus, trayStatus } from './tray-status.ts'
import { clientWords, listenerWords, oneLine, relayName, relayWords } from './words.ts'

export type TrayAction =
  | { readonly kind: 'connect' }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'sign-in' }
  | { readonly kind: 'copy-sign-in-code' }
  | { readonly kind: 'cancel-sign-in' }
  | { readonly kind: 'answer'; readonly promptId: string }
  | { readonly kind: 'use-other-port'; readonly target: string; readonly port: number }
  | { readonly kind: 'enable-client'; readonly name: string; readonly enabled: boolean }
  | { readonly kind: 'start-at-login'; readonly enabled: boolean }
  | { readonly kind: 'quit' }

export type MenuItemModel =
  | { readonly kind: 'separator' }
  | { readonly kind: 'text'; readonly label: string }
  | { readonly kind: 'action'; readonly label: string; readonly action: TrayAction }
  | {
      readonly kind: 'check'
      readonly label: string
      readonly checked: boolean
      readonly action: TrayAction
    }

export interface TrayModel {
  readonly icon: TrayIcon
  readonly tooltip: string
  readonly items: readonly MenuItemModel[]
}

/** What the menu shows that is no part of the bridge. */
export interface TrayFacts {
  /** `undefined` where this computer offers no such switch. */
  readonly startsAtLogin?: boolean | undefined
  /** The code that is to be typed at GitHub while a sign-in is under way. */
  readonly signInCode?: string | undefined
}

const SEPARATOR: MenuItemModel = { kind: 'separator' }
/** The tooltip of a Windows notification icon takes 127 characters and a terminating zero. */
const TOOLTIP_LENGTH = 127

/** Everything the tray shows. Flat, since GNOME shows no submenus of it. */
export function trayModel(state: BridgeState, facts: TrayFacts = {}): TrayModel {
  const status = trayStatus(state)
  const groups = [
    statusItems(status),
    state.prompts.map(promptItem),
    partItems(state),
    commandItems(state),
    signInItems(state, facts),
    programItems(state, facts),
  ]
  const items = groups.filter((group) => group.length > 0).flatMap((group) => [SEPARATOR, ...group])
  return { icon: status.icon, tooltip: tooltip(status), items: items.slice(1) }
}

/**
 * What a click on the icon itself does, where the desktop tells of one: connect, try again what has failed,
 * or disconnect. A question is answered from the menu.
 */
export function primaryAction(state: BridgeState): TrayAction {
  if (state.wanted === 'disconnected') return { kind: 'connect' }
  return trayStatus(state).icon === 'error' && mayRetry(state) ? { kind: 'retry' } : { kind: 'disconnect' }
}

function tooltip({ headline, cause }: TrayStatus): string {
  return oneLine(
    cause === undefined ? `Sovereign Bridge: ${headline}` : `Sovereign Bridge: ${headline}. ${cause.message}`,
    TOOLTIP_LENGTH,
  )
}

function statusItems({ headline, cause }: TrayStatus): MenuItemModel[] {
  if (cause === undefined) return [text(headline)]
  return [text(headline), text(cause.message), text(cause.remedy)]
}

function partItems(state: BridgeState): MenuItemModel[] {
  if (state.wanted === 'disconnected') return []
  const { relay, clients, agent } = state
  return [
    text(`${capitalised(relayName(relay))}: ${relayWords(relay)}`),
    text(`This computer: ${listenerWords(agent)}`),
    ...otherPort('agent', agent),
    ...clients.flatMap((client): MenuItemModel[] => [
      {
        kind: 'check',
        label: oneLine(`${client.name}: ${clientWords(client)}`),
        checked: client.enabled,
        action: { kind: 'enable-client', name: client.name, enabled: !client.enabled },
      },
      ...otherPort(client.name, client.listener),
    ]),
  ]
}

function otherPort(target: string, listener: ListenerState): MenuItemModel[] {
  if (listener.phase !== 'failed' || listener.otherPort === undefined) return []
  const { otherPort: port } = listener
  return [action(`Use port ${port} until the next start`, { kind: 'use-other-port', target, port })]
}

function commandItems(state: BridgeState): MenuItemModel[] {
  if (state.wanted === 'disconnected') return [action('Connect', { kind: 'connect' })]
  return [
    ...(mayRetry(state) ? [action('Retry now', { kind: 'retry' })] : []),
    action('Disconnect', { kind: 'disconnect' }),
  ]
}

function signInItems(state: BridgeState, { signInCode }: TrayFacts): MenuItemModel[] {
  if (signInCode !== undefined)
    return [
      text(`Waiting for GitHub to confirm the code ${signInCode}`),
      action(`Copy ${signInCode}`, { kind: 'copy-sign-in-code' }),
      action('Cancel the sign-in', { kind: 'cancel-sign-in' }),
    ]
  const isNeeded = state.wanted === 'connected' && state.relay.health.kind === 'ok' && !hasCopilot(state)
  if (!isNeeded) return []
  const label = isSignedIn(state) ? 'Sign in to GitHub Copilot too…' : 'Sign in to GitHub Copilot…'
  return [action(label, { kind: 'sign-in' })]
}

function hasCopilot({ relay: { health } }: BridgeState): boolean {
  return health.kind === 'ok' && health.upstreams.some(({ name, signedIn }) => name === 'copilot' && signedIn)
}

function programItems({ wanted }: BridgeState, { startsAtLogin }: TrayFacts): MenuItemModel[] {
  const quit = action(wanted === 'connected' ? 'Disconnect and quit' : 'Quit', { kind: 'quit' })
  if (startsAtLogin === undefined) return [quit]
  return [
    {
      kind: 'check',
      label: 'Start at login',
      checked: startsAtLogin,
      action: { kind: 'start-at-login', enabled: !startsAtLogin },
    },
    quit,
  ]
}

/** Native dialogs have no field to type a secret into: those questions are answered in a terminal. */
function promptItem(prompt: Prompt): MenuItemModel {
  switch (prompt.kind) {
    case 'host-key':
      return action(`Check the unknown host key of ${prompt.host}…`, { kind: 'answer', promptId: prompt.id })
    case 'passphrase':
      return inTerminal(`The key ${prompt.keyFile} needs its passphrase`)
    case 'password':
      return inTerminal(`${prompt.user}@${prompt.host} asks for a password`)
    case 'keyboard-interactive':
      return inTerminal(`${prompt.user}@${prompt.host} has a question`)
    default:
      return assertNever(prompt)
  }
}

function inTerminal(question: string): MenuItemModel {
  // The command comes first: a long name must not cut it off.
  return text(`Run "sovereign prompts": ${question}`)
}

function text(label: string): MenuItemModel {
  return { kind: 'text', label: oneLine(label) }
}

function action(label: string, what: TrayAction): MenuItemModel {
  return { kind: 'action', label: oneLine(label), action: what }
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
