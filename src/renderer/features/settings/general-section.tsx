import type { ReactNode } from 'react'
import type { DesktopState } from '../../../shared/state/desktop.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Card } from '../../ui/card.tsx'
import { Checkbox, Switch } from '../../ui/field.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import type { SettingsForm } from './settings-form.ts'

export interface GeneralSectionProps {
  readonly form: SettingsForm
  readonly onChange: (change: (form: SettingsForm) => SettingsForm) => void
}

export function GeneralSection({ form, onChange }: GeneralSectionProps): ReactNode {
  const said = words.settings.generalSection
  return (
    <>
      <Card title={said.start}>
        <StartAtLogin />
        <Checkbox
          label={said.connectAtStart}
          hint={said.connectAtStartHint}
          isOn={form.connectAtStart}
          onChange={(connectAtStart) => onChange((before) => ({ ...before, connectAtStart }))}
        />
      </Card>
      <Card title={said.notifications}>
        <Checkbox
          label={said.notify}
          hint={said.notifyHint}
          isOn={form.notifications}
          onChange={(notifications) => onChange((before) => ({ ...before, notifications }))}
        />
      </Card>
    </>
  )
}

function StartAtLogin(): ReactNode {
  const api = useApi()
  const desktop = useBridgeState((state) => state.desktop)
  const { run, isRunning, error } = useAction((enabled: boolean) => api.setStartAtLogin({ enabled }))
  const said = words.settings.generalSection
  const isOn = desktop.kind === 'desktop' ? desktop.startsAtLogin : undefined
  return (
    <>
      <Switch
        label={said.startAtLogin}
        hint={hintFor(desktop)}
        isOn={isOn ?? false}
        isDisabled={isOn === undefined || isRunning}
        onChange={run}
      />
      {error !== undefined && <FailureNotice title={said.startAtLoginFailed} failure={error} isUrgent />}
    </>
  )
}

function hintFor(desktop: DesktopState): string {
  const said = words.settings.generalSection
  if (desktop.kind === 'none') return said.noDesktop
  return desktop.startsAtLogin === undefined ? said.noSwitch : said.startAtLoginHint
}
