import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import type { BridgeCore } from '../bridge/bridge-core.ts'
import { readSettingsFile, saveSettingsText } from '../settings/settings-file.ts'
import { findMistakes } from '../settings/settings-text.ts'

export type SettingsService = Pick<BridgeApi, 'getSettingsFile' | 'checkSettings' | 'saveSettings'>

/** The settings file as faces see and change it. */
export function settingsService(core: BridgeCore, path: string): SettingsService {
  /** Of the content that a face saw last; undefined until one has looked. */
  let seen: string | undefined
  /** One save after the other: each is judged by what the one before it has left. */
  let turn: Promise<unknown> = Promise.resolve()

  async function save(text: string, revision: string | undefined): Promise<void> {
    const expected = revision ?? seen ?? (await readSettingsFile(path)).revision
    const saved = await saveSettingsText(path, text, expected)
    seen = saved.revision
    core.log.info({ path }, 'Settings saved')
    await core.applySettings(saved.settings)
  }

  return {
    getSettingsFile: async () => {
      const file = await readSettingsFile(path)
      seen = file.revision
      return file
    },
    checkSettings: async ({ text }) => ({ mistakes: [...findMistakes(text)] }),
    saveSettings: ({ text, revision }) => {
      const saving = turn.then(() => save(text, revision))
      turn = saving.catch(() => undefined)
      return saving
    },
  }
}
