import { createHash } from 'node:crypto'
import { findMistakes, parseSettings } from '../../src/main/settings/settings-text.ts'
import { AppError } from '../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import { type FakeBridgeApi, fakeBridgeApi } from './fake-bridge-api.ts'

export interface SettingsApi {
  readonly api: FakeBridgeApi
  readonly text: () => string
  /** As another program does it: the bridge goes on with what it read before. */
  writeElsewhere(text: string): void
}

/** A bridge whose settings file is a text in memory, judged and saved as the real one does it. */
export function makeSettingsApi(text: string, state: Partial<BridgeState> = {}): SettingsApi {
  const api = fakeBridgeApi(state)
  let current = text
  let running = parseSettings(text, 'settings.json').settings
  const revision = (): string => createHash('sha256').update(current).digest('hex')
  api.answer('getSettings', () => running)
  api.answer('getSettingsFile', () => ({
    path: '/home/eve/.config/sovereign-bridge/settings.json',
    text: current,
    existed: true,
    revision: revision(),
  }))
  api.answer('checkSettings', ({ text }: { readonly text: string }) => ({
    mistakes: [...findMistakes(text)],
  }))
  api.answer('saveSettings', (args: { readonly text: string; readonly revision?: string }) => {
    if (args.revision !== revision())
      throw new AppError('settings.changed-on-disk', 'settings.json has been changed since it was read.')
    running = parseSettings(args.text, 'settings.json').settings
    current = args.text
  })
  return {
    api,
    text: () => current,
    writeElsewhere(text) {
      current = text
    },
  }
}
