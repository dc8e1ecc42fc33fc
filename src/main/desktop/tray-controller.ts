import { isDeepStrictEqual } from 'node:util'
import type { Ambient } from '../../node/ambient.ts'
import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import { toFailure } from '../../shared/errors/app-error.ts'
import type { Settings } from '../../shared/settings/schema.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import { assertNever } from '../../shared/util/assert-never.ts'
import { relayPlace } from '../bridge/profile.ts'
import { Attention, type SeenMatters } from './attention.ts'
import { changeSettings, withEgress } from './change-settings.ts'
import { failureBox, hostKeyAnswer, hostKeyBox, type ShowMessageBox, updateBox } from './dialogs.ts'
import type { MenuItemModel, TrayAction } from './tray-item.ts'
import { mattersOf } from './tray-matters.ts'
import { primaryAction, type TrayModel, trayModel } from './tray-menu.ts'
import type { TrayIcon } from './tray-status.ts'
import { UsageWatch } from './usage-watch.ts'

/** The icon as the desktop offers it; each is called only with something new. */
export interface TrayFace {
  setIcon(icon: TrayIcon, hasBadge: boolean): void
  setTooltip(text: string): void
  setItems(items: readonly MenuItemModel[]): void
}

/** The settings that count right now. */
export interface LiveSettings {
  readonly settings: Settings
  /** @returns the unsubscribe function. */
  onSettings(listener: () => void): () => void
}

export interface TrayControllerOptions {
  readonly api: BridgeApi
  readonly state: BridgeState
  readonly live: LiveSettings
  readonly face: TrayFace
  readonly show: ShowMessageBox
  /** @param route where in the window, such as `#/prompts`. */
  readonly openWindow: (kind: 'dashboard' | 'sign-in', route?: string) => void
  readonly copy: (text: string) => Promise<void>
  readonly quit: () => void
  /** What somebody has looked at is not marked as new any more. */
  readonly memory: SeenMatters
  /** Whether somebody looks at a window of ours right now. */
  readonly isInFront: () => boolean
  readonly ambient: Ambient
}

/** Windows tells of both clicks of a double-click; the second must not undo the first. */
const DOUBLE_CLICK_MS = 500

/** Keeps the tray like the state of the bridge and turns clicks into calls. Ends with `close`. */
export class TrayController {
  private readonly options: TrayControllerOptions
  private readonly unsubscribes: readonly (() => void)[]
  private readonly usage: UsageWatch
  private readonly attention: Attention
  private readonly answering = new Set<string>()
  private state: BridgeState
  private shown: TrayModel | undefined
  private clickedAt = Number.NEGATIVE_INFINITY

  constructor(options: TrayControllerOptions) {
    this.options = options
    this.state = options.state
    this.attention = new Attention(options.memory)
    const { ambient, api, live } = options
    this.usage = new UsageWatch({
      ask: () => api.relayUsage({}),
      now: ambient.now,
      onChange: () => this.draw(),
    })
    this.unsubscribes = [
      api.on('state', (state) => {
        this.state = state
        this.usage.see(state)
        this.draw()
      }),
      live.onSettings(() => this.draw()),
    ]
    this.usage.see(this.state)
    this.draw()
  }

  /** A click on the icon itself. */
  click(): void {
    const now = this.options.ambient.monotonicMs()
    const isSecond = now - this.clickedAt < DOUBLE_CLICK_MS
    this.clickedAt = now
    if (!isSecond) void this.perform(primaryAction(this.state))
  }

  /** The computer slept: the bridge is to prove what still works. */
  async wokeUp(): Promise<void> {
    if (this.state.wanted === 'connected') await this.reportingFailure(() => this.options.api.probe({}))
  }

  /** A window has come to the front: what is new is seen there. */
  lookedAt(): void {
    this.draw()
  }

  /** Does what a menu item stands for; a failure is told in a message box. Never rejects. */
  perform(action: TrayAction): Promise<void> {
    return this.reportingFailure(() => this.run(action))
  }

  close(): void {
    this.usage.close()
    for (const unsubscribe of this.unsubscribes) unsubscribe()
  }

  private async run(action: TrayAction): Promise<void> {
    const { api, copy, openWindow, quit } = this.options
    switch (action.kind) {
      case 'connect':
        return api.connect({})
      case 'disconnect':
        return api.disconnect({})
      case 'retry':
        return api.retryNow(action.target === undefined ? {} : { target: action.target })
      case 'probe-ollama':
        return api.probeOllama({})
      case 'set-vpn':
        return api.setVpn({ to: action.to })
      case 'open-dashboard':
        return openWindow('dashboard')
      case 'open-view':
        return openWindow('dashboard', action.route)
      case 'sign-in':
        return openWindow('sign-in')
      case 'answer':
        return this.answer(action.promptId)
      case 'use-other-port':
        return api.useOtherPort({ target: action.target, port: action.port })
      case 'enable-client':
        return api.setClientEnabled({ name: action.name, enabled: action.enabled })
      case 'start-at-login':
        return api.setStartAtLogin({ enabled: action.enabled })
      case 'connect-at-start':
        return changeSettings(api, (settings) => ({ ...settings, connectAtStart: action.enabled }))
      case 'use-profile':
        return changeSettings(api, (settings) => ({ ...settings, activeProfile: action.name }))
      case 'use-egress':
        return changeSettings(api, (settings) => withEgress(settings, action.use))
      case 'enable-relay':
        return api.setRelayEnabled({ enabled: action.enabled })
      case 'tunnel-awake':
        return api.setTunnelAwake({ awake: action.awake })
      case 'copy':
        return copy(action.text)
      case 'check-for-update':
        return this.tellingUpdate(() => api.checkForUpdate({}))
      case 'install-update':
        return this.tellingUpdate(() => api.installUpdate({}))
      case 'quit':
        return quit()
      default:
        return assertNever(action)
    }
  }

  private async reportingFailure(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      // The desktop has put or taken a tick on its own, where nothing has changed.
      if (this.shown !== undefined) this.options.face.setItems(this.shown.items)
      await this.options.show(failureBox(toFailure(error)))
    }
  }

  private async tellingUpdate(work: () => Promise<void>): Promise<void> {
    await work()
    const { desktop, version } = this.state
    const box = desktop.kind === 'none' ? undefined : updateBox(desktop.update, version)
    if (box !== undefined) await this.options.show(box)
  }

  private async answer(id: string): Promise<void> {
    const prompt = this.promptWithId(id)
    if (prompt === undefined || this.answering.has(id)) return
    if (prompt.kind !== 'host-key') return this.options.openWindow('dashboard', '#/prompts')
    this.answering.add(id)
    try {
      const answer = hostKeyAnswer(await this.options.show(hostKeyBox(prompt)))
      // The question may have gone away, or been answered elsewhere, while the box was open.
      if (answer !== undefined && this.promptWithId(id) !== undefined)
        await this.options.api.answerPrompt({ id, answer })
    } finally {
      this.answering.delete(id)
    }
  }

  private promptWithId(id: string): BridgeState['prompts'][number] | undefined {
    return this.state.prompts.find((prompt) => prompt.id === id)
  }

  private draw(): void {
    const { face, isInFront, live } = this.options
    const { connectAtStart: connectsAtStart, profiles } = live.settings
    this.attention.follow([...mattersOf(this.state), ...this.usage.matters], isInFront())
    const model = trayModel(this.state, {
      usage: this.usage.words,
      connectsAtStart,
      profiles: profiles.map(({ name, relay }) => ({ name, relay: relayPlace(relay) })),
      matters: this.attention.unseen,
    })
    const before = this.shown
    this.shown = model
    if (model.icon !== before?.icon || model.hasBadge !== before.hasBadge)
      face.setIcon(model.icon, model.hasBadge)
    if (model.tooltip !== before?.tooltip) face.setTooltip(model.tooltip)
    // A menu that is replaced closes under the hand of whoever has it open.
    if (!isDeepStrictEqual(model.items, before?.items)) face.setItems(model.items)
  }
}
