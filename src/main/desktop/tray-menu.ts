import type { BridgeState, ListenerState } from '../../shared/state/bridge-state.ts'
import { isSignedIn, mayRetry } from '../../shared/state/part-health.ts'
import type { Prompt } from '../../shared/state/prompt.ts'
import { assertNever } from '../../shared/util/assert-never.ts'
import { type TrayIcon, type TrayStatus, trayStatus } from './tray-status.ts'
import { clientWords, listenerWords, oneLine, relayName, relayWords } from './words.ts'

export type TrayAction =
  | { readonly kind: 'connect' }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'open-dashboard' }
  | { readonly kind: 'sign-in' }
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

const SEPARATOR: MenuItemModel = { kind: 'separator' }
/** The tooltip of a Windows notification icon takes 127 characters and a terminating zero. */
const TOOLTIP_LENGTH = 127

/** Everything the tray shows. Flat, since GNOME shows no submenus of it. */
export function trayModel(state: BridgeState): TrayModel {
  const status = trayStatus(state)
  const groups = [
    statusItems(status),
    state.prompts.map(promptItem),
    partItems(state),
    commandItems(state),
    windowItems(state),
    programItems(state),
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

function windowItems(state: BridgeState): MenuItemModel[] {
  const dashboard = action('Open dashboard', { kind: 'open-dashboard' })
  const { health } = state.relay
  if (state.wanted === 'disconnected' || health.kind !== 'ok' || hasCopilot(state)) return [dashboard]
  const label = isSignedIn(state) ? 'Sign in to GitHub Copilot too…' : 'Sign in to GitHub Copilot…'
  return [dashboard, action(label, { kind: 'sign-in' })]
}

function hasCopilot({ relay: { health } }: BridgeState): boolean {
  return health.kind === 'ok' && health.upstreams.some(({ name, signedIn }) => name === 'copilot' && signedIn)
}

function programItems({ wanted, desktop }: BridgeState): MenuItemModel[] {
  const quit = action(wanted === 'connected' ? 'Disconnect and quit' : 'Quit', { kind: 'quit' })
  if (desktop.kind === 'none' || desktop.startsAtLogin === undefined) return [quit]
  return [
    {
      kind: 'check',
      label: 'Start at login',
      checked: desktop.startsAtLogin,
      action: { kind: 'start-at-login', enabled: !desktop.startsAtLogin },
    },
    quit,
  ]
}

/** Native dialogs have no field to type a secret into: those questions open a window. */
function promptItem(prompt: Prompt): MenuItemModel {
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

function text(label: string): MenuItemModel {
  return { kind: 'text', label: oneLine(label) }
}

function action(label: string, what: TrayAction): MenuItemModel {
  return { kind: 'action', label: oneLine(label), action: what }
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
