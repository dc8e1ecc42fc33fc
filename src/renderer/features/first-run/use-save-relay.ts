import type { RelaySettings } from '../../../shared/settings/schema.ts'
import { useApi } from '../../store/bridge-context.tsx'
import { type Action, useAction } from '../../store/use-action.ts'
import { changeSettings, withRelay } from './change-settings.ts'

/** Writes where the relay is into the settings, and connects to it. */
export function useSaveRelay(onSaved: () => void): Action<[RelaySettings]> {
  const api = useApi()
  return useAction(async (relay: RelaySettings) => {
    await changeSettings(api, (settings) => withRelay(settings, relay))
    await api.connect({})
    onSaved()
  })
}
