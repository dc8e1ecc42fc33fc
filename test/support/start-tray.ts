import { onTestFinished } from 'vitest'
import type { MessageBox } from '../../src/main/desktop/dialogs.ts'
import { TrayController } from '../../src/main/desktop/tray-controller.ts'
import type { MenuItemModel } from '../../src/main/desktop/tray-item.ts'
import { type Settings, settingsSchema } from '../../src/shared/settings/schema.ts'
import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import { fakeAmbient } from './fake-ambient.ts'
import { fakeBridgeApi } from './fake-bridge-api.ts'
import { makeBridgeState } from './make-bridge-state.ts'

function liveSettings() {
  const listeners = new Set<() => void>()
  let settings: Settings = settingsSchema.parse({})
  return {
    get settings() {
      return settings
    },
    onSettings: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    save(change: Partial<Settings>) {
      settings = { ...settings, ...change }
      for (const listener of listeners) listener()
    },
    get listenerCount() {
      return listeners.size
    },
  }
}

/** A tray over a bridge that a test plays; it is closed with the test. */
export function startTray(initial: Partial<BridgeState> = {}, seenBefore: readonly string[] = []) {
  const api = fakeBridgeApi(initial)
  const ambient = fakeAmbient()
  const drawn: string[] = []
  const boxes: MessageBox[] = []
  const windows: string[] = []
  const copied: string[] = []
  const live = liveSettings()
  const kept = { seen: seenBefore, isInFront: false }
  let items: readonly MenuItemModel[] = []
  let press = (_box: MessageBox): number | Promise<number> => 0
  const controller = new TrayController({
    api,
    state: makeBridgeState(initial),
    live,
    face: {
      setIcon: (icon, hasBadge) => void drawn.push(`icon ${icon}${hasBadge ? ' with a badge' : ''}`),
      setTooltip: () => void drawn.push('tooltip'),
      setItems: (next) => {
        items = next
        drawn.push('items')
      },
    },
    show: async (box) => {
      boxes.push(box)
      return press(box)
    },
    openWindow: (kind, route = '') => void windows.push(kind + route),
    copy: async (text) => void copied.push(text),
    quit: () => undefined,
    memory: {
      seen: () => kept.seen,
      keepSeen: (keys) => {
        kept.seen = keys
      },
    },
    isInFront: () => kept.isInFront,
    ambient,
  })
  onTestFinished(() => controller.close())
  return {
    api,
    ambient,
    boxes,
    controller,
    copied,
    drawn,
    kept,
    live,
    windows,
    line: (words: string) => items.find((item) => item.kind !== 'separator' && item.label.includes(words)),
    pressing: (answer: typeof press) => {
      press = answer
    },
  }
}
