import { basename } from 'node:path'
import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import type { Profile, Settings } from '../../shared/settings/schema.ts'
import { activeProfile } from '../bridge/profile.ts'
import { parseSettings } from '../settings/settings-text.ts'

/**
 * Writes what differs into the settings file as it is now; its comments and everything else in it stay.
 *
 * @throws AppError `settings.invalid` when the file has a mistake, and whatever saving throws.
 */
export async function changeSettings(
  api: Pick<BridgeApi, 'getSettingsFile' | 'saveSettings'>,
  change: (settings: Settings) => Settings,
): Promise<void> {
  const { path, revision, text } = await api.getSettingsFile({})
  const { settings } = parseSettings(text, basename(path))
  await api.saveSettings({ text: JSON.stringify(change(settings), null, 2), revision })
}

/** How the proxy of the active profile gets out from now on. */
export function withEgress(settings: Settings, use: Profile['egress']['use']): Settings {
  const active = activeProfile(settings)
  const profiles = settings.profiles.map((profile) =>
    profile === active ? { ...profile, egress: { ...profile.egress, use } } : profile,
  )
  return { ...settings, profiles }
}
