import type { BridgeState, RelayState } from '../../shared/state/bridge-state.ts'
import { isRelaySwitchedOff, isSignedIn, mayRetry } from '../../shared/state/part-health.ts'
import { assertNever } from '../../shared/util/assert-never.ts'
import { oneLine } from './one-line.ts'
import { relayName } from './part-words.ts'
import { copyItems } from './tray-copy.ts'
import {
  action,
  check,
  type MenuItemModel,
  type MenuLineModel,
  radio,
  separated,
  type TrayAction,
  text,
} from './tray-item.ts'
import type { Matter } from './tray-matters.ts'
import { partItems } from './tray-parts.ts'
import { promptItem } from './tray-prompts.ts'
import { type TrayIcon, type TrayStatus, trayStatus } from './tray-status.ts'
import { words } from './words/words.ts'

const said = words.tray

export interface TrayModel {
  readonly icon: TrayIcon
  /** Something is to be looked at that nobody has seen yet. */
  readonly hasBadge: boolean
  readonly tooltip: string
  readonly items: readonly MenuItemModel[]
}

/** What the tray shows and the state does not hold. */
export interface TrayExtras {
  /** The usage of the month in one line; nothing while nobody can be asked. */
  readonly usage?: string | undefined
  readonly connectsAtStart: boolean
  readonly profiles: readonly TrayProfile[]
  /** What nobody has looked at yet. */
  readonly matters: readonly Matter[]
}

export interface TrayProfile {
  readonly name: string
  readonly relay: Pick<RelayState, 'kind' | 'place'>
}

/** The tooltip of a Windows notification icon takes 127 characters and a terminating zero. */
const TOOLTIP_LENGTH = 127

/** Everything the tray shows. */
export function trayModel(state: BridgeState, extras: TrayExtras): TrayModel {
  const status = trayStatus(state)
  const items = separated<MenuItemModel>([
    statusItems(status),
    state.prompts.map(promptItem),
    extras.matters.map(matterItem),
    commandItems(state),
    profileItems(state, extras),
    partItems(state),
    usageItems(state, extras),
    windowItems(state),
    startItems(state, extras),
    programItems(state),
  ])
  const { matters } = extras
  return { icon: status.icon, hasBadge: matters.length > 0, tooltip: tooltip(status, matters), items }
}

/**
 * What a click on the icon itself does, where the desktop tells of one: connect, try again what has failed,
 * or disconnect. A question is answered from the menu.
 */
export function primaryAction(state: BridgeState): TrayAction {
  if (state.wanted === 'disconnected') return { kind: 'connect' }
  if (isRelaySwitchedOff(state)) return { kind: 'enable-relay', enabled: true }
  return trayStatus(state).icon === 'error' && mayRetry(state) ? { kind: 'retry' } : { kind: 'disconnect' }
}

function tooltip({ headline, cause }: TrayStatus, [matter, ...others]: readonly Matter[]): string {
  const parts = [
    said.tooltip(headline),
    ...(matter === undefined ? [] : [said.newsOf(matter.words, others.length)]),
    ...(cause === undefined ? [] : [cause.message]),
  ]
  return oneLine(parts.join('. '), TOOLTIP_LENGTH)
}

function matterItem({ route, words: news }: Matter): MenuLineModel {
  return action(said.news(news), { kind: 'open-view', route })
}

function statusItems({ headline, cause }: TrayStatus): MenuLineModel[] {
  if (cause === undefined) return [text(headline)]
  return [text(headline), text(cause.message), text(cause.remedy)]
}

function commandItems(state: BridgeState): MenuLineModel[] {
  if (state.wanted === 'disconnected') return [action(said.connect, { kind: 'connect' })]
  return [
    ...(mayRetry(state) ? [action(said.retry, { kind: 'retry' })] : []),
    action(said.disconnect, { kind: 'disconnect' }),
  ]
}

/** A relay is chosen with its profile; where there is one profile there is nothing to choose. */
function profileItems({ profile: active }: BridgeState, { profiles }: TrayExtras): MenuItemModel[] {
  if (profiles.length < 2) return []
  const items = profiles.map(({ name, relay }) =>
    radio(said.profileLine(name, relayName(relay)), name === active, { kind: 'use-profile', name }),
  )
  return [{ kind: 'submenu', label: oneLine(said.profile(active)), items }]
}

function usageItems({ wanted }: BridgeState, { usage }: TrayExtras): MenuLineModel[] {
  return wanted === 'disconnected' || usage === undefined ? [] : [text(usage)]
}

function windowItems(state: BridgeState): MenuItemModel[] {
  return [
    action(said.openDashboard, { kind: 'open-dashboard' }),
    ...signInItems(state),
    ...copyItems(state),
    action(said.settings, { kind: 'open-view', route: '#/settings' }),
    action(said.diagnostics, { kind: 'open-view', route: '#/diagnostics' }),
  ]
}

/** Only a relay that answers can be signed in. */
function signInItems(state: BridgeState): MenuLineModel[] {
  if (state.wanted === 'disconnected' || state.relay.health.kind !== 'ok') return []
  return [action(signInWords(state), { kind: 'sign-in' })]
}

function signInWords(state: BridgeState): string {
  if (!isSignedIn(state)) return said.signIn
  return hasCopilot(state) ? said.accounts : said.signInToo
}

function hasCopilot({ relay: { health } }: BridgeState): boolean {
  return health.kind === 'ok' && health.upstreams.some(({ name, signedIn }) => name === 'copilot' && signedIn)
}

function startItems({ desktop }: BridgeState, { connectsAtStart }: TrayExtras): MenuLineModel[] {
  const startsAtLogin = desktop.kind === 'none' ? undefined : desktop.startsAtLogin
  return [
    ...(startsAtLogin === undefined
      ? []
      : [check(said.startAtLogin, startsAtLogin, { kind: 'start-at-login', enabled: !startsAtLogin })]),
    check(said.connectAtStart, connectsAtStart, { kind: 'connect-at-start', enabled: !connectsAtStart }),
  ]
}

function programItems(state: BridgeState): MenuLineModel[] {
  const label = state.wanted === 'connected' ? said.disconnectAndQuit : said.quit
  return [...updateItems(state), action(label, { kind: 'quit' })]
}

function updateItems({ desktop }: BridgeState): MenuLineModel[] {
  if (desktop.kind === 'none') return []
  const { update } = desktop
  switch (update.kind) {
    case 'unsupported':
      return []
    case 'none':
    case 'failed':
      return [action(said.checkForUpdates, { kind: 'check-for-update' })]
    case 'available':
      return [action(said.download(update.version), { kind: 'install-update' })]
    case 'downloading':
      // Without its share, which runs.
      return [text(said.downloading(update.version))]
    case 'ready':
      return [action(said.restart(update.version), { kind: 'install-update' })]
    default:
      return assertNever(update)
  }
}
