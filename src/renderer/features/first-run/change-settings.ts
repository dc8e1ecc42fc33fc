import type { BridgeApi } from '../../../shared/bridge-api/calls.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { ClientSettings, Profile, RelaySettings, Settings } from '../../../shared/settings/schema.ts'
import { readText } from '../settings/read-text.ts'

type SettingsApi = Pick<BridgeApi, 'getSettingsFile' | 'checkSettings' | 'saveSettings'>

/**
 * Changes the settings file as it is now; comments and everything else in it stay.
 * @throws AppError `settings.invalid` for what the schema refuses, and whatever saving throws.
 */
export async function changeSettings(
  api: SettingsApi,
  change: (settings: Settings) => Settings,
): Promise<void> {
  const file = await api.getSettingsFile({})
  const settings = readText(file.text)
  if (settings === undefined)
    throw new AppError('settings.invalid', `${file.path} has a mistake, so nothing was changed in it.`)
  const text = `${JSON.stringify(change(settings), null, 2)}\n`
  const { mistakes } = await api.checkSettings({ text })
  const [first] = mistakes
  if (first !== undefined) throw new AppError('settings.invalid', `${first.path} ${first.text}.`.trim())
  await api.saveSettings({ text, revision: file.revision })
}

export function withRelay(settings: Settings, relay: RelaySettings): Settings {
  return changeActive(settings, (profile) => ({ ...profile, relay }))
}

/** A machine of the same name is replaced. */
export function withClient(settings: Settings, client: ClientSettings): Settings {
  return changeActive(settings, (profile) => ({
    ...profile,
    clients: [...profile.clients.filter(({ name }) => name !== client.name), client],
  }))
}

function changeActive(settings: Settings, change: (profile: Profile) => Profile): Settings {
  const named = settings.profiles.findIndex(({ name }) => name === settings.activeProfile)
  const active = named < 0 ? 0 : named
  return {
    ...settings,
    profiles: settings.profiles.map((profile, index) => (index === active ? change(profile) : profile)),
  }
}
