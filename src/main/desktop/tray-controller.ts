import { isDeepStrictEqual } from 'node:util'
import type { Ambient } from '../../node/ambient.ts'
import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import { toFailure } from '../../shared/errors/app-error.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import { assertNever } from '../../shared/util/assert-never.ts'
import { failureBox, hostKeyAnswer, hostKeyBox, type ShowMessageBox } from './dialogs.ts'
import { type MenuItemModel, primaryAction, type TrayAction, type TrayModel, trayModel } from './tray-menu.ts'
import type { TrayIcon } from './tray-status.ts'

/** The icon as the desktop offers it; each is called only with something new. */
export interface TrayFace {
  setIcon(icon: TrayIcon): void
  setTooltip(text: string): void
  setItems(items: readonly MenuItemModel[]): void
}

export interface TrayControllerOptions {
  readonly api: BridgeApi
  readonly state: BridgeState
  readonly face: TrayFace
  readonly show: ShowMessageBox
  /** @param route where in the window, such as `#/prompts`. */
  readonly openWindow: (kind: 'dashboard' | 'sign-in', route?: string) => void
  readonly quit: () => void
  readonly ambient: Ambient
}

/** Windows tells of both clicks of a double-click; the second must not undo the first. */
const DOUBLE_CLICK_MS = 500

/** Keeps the tray like the state of the bridge and turns clicks into calls. Ends with `close`. */
export class TrayController {
  private readonly options: TrayControllerOptions
  private readonly unsubscribe: () => void
  private readonly answering = new Set<string>()
  private state: BridgeState
  private shown: TrayModel | undefined
  private clickedAt = Number.NEGATIVE_INFINITY

  constructor(options: TrayControllerOptions) {
    this.options = options
    this.state = options.state
    this.unsubscribe = options.api.on('state', (state) => {
      this.state = state
      this.draw()
    })
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

  /** Does what a menu item stands for; a failure is told in a message box. Never rejects. */
  perform(action: TrayAction): Promise<void> {
    return this.reportingFailure(() => this.run(action))
  }

  close(): void {
    this.unsubscribe()
  }

  private async run(action: TrayAction): Promise<void> {
    const { api, openWindow, quit } = this.options
    switch (action.kind) {
      case 'connect':
        return api.connect({})
      case 'disconnect':
        return api.disconnect({})
      case 'retry':
        return api.retryNow({})
      case 'open-dashboard':
        return openWindow('dashboard')
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
      await this.options.show(failureBox(toFailure(error)))
    }
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
    const { face } = this.options
    const model = trayModel(this.state)
    const before = this.shown
    this.shown = model
    if (model.icon !== before?.icon) face.setIcon(model.icon)
    if (model.tooltip !== before?.tooltip) face.setTooltip(model.tooltip)
    // A menu that is replaced closes under the hand of whoever has it open.
    if (!isDeepStrictEqual(model.items, before?.items)) face.setItems(model.items)
  }
}
