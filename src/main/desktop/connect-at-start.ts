import { basename } from 'node:path'
import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import { parseSettings } from '../settings/settings-text.ts'

/**
 * Writes one setting into the file as it is now; its comments and everything else in it stay.
 *
 * @throws AppError `settings.invalid` when the file has a mistake, and whatever saving throws.
 */
export async function saveConnectAtStart(
  api: Pick<BridgeApi, 'getSettingsFile' | 'saveSettings'>,
  connectAtStart: boolean,
): Promise<void> {
  const { path, revision, text } = await api.getSettingsFile({})
  const { settings } = parseSettings(text, basename(path))
  await api.saveSettings({ text: JSON.stringify({ ...settings, connectAtStart }, null, 2), revision })
}
