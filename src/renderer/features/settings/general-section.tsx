import type { ReactNode } from 'react'
import type { DesktopState } from '../../../shared/state/desktop.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Card } from '../../ui/card.tsx'
import { Checkbox, Switch } from '../../ui/field.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { Choice } from './choice.tsx'
import type { FormReading } from './form-mistakes.ts'
import { LogPart } from './log-part.tsx'
import type { SettingsForm } from './settings-form.ts'

export interface GeneralSectionProps {
  readonly form: SettingsForm
  readonly reading: FormReading | undefined
  readonly onChange: (change: (form: SettingsForm) => SettingsForm) => void
}

export function GeneralSection({ form, reading, onChange }: GeneralSectionProps): ReactNode {
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
      <Card title={said.secrets}>
        <p className="muted">{said.secretsLead}</p>
        <Choice
          label={said.secrets}
          value={form.secrets}
          options={SECRETS}
          onChange={(secrets) => onChange((before) => ({ ...before, secrets }))}
        />
        <SecretsNow />
      </Card>
      <LogPart
        logs={form.logs}
        mistake={reading?.at('logs', 'keepMiB')}
        onChange={(change) => onChange((before) => ({ ...before, logs: { ...before.logs, ...change } }))}
      />
    </>
  )
}

const SECRETS = (['keychain', 'file', 'ask'] as const).map((value) => ({
  value,
  label: words.settings.generalSection[value],
  hint: words.settings.generalSection[`${value}Hint`],
}))

/** How it is with the settings that are in use, not with those that are being edited. */
function SecretsNow(): ReactNode {
  const secrets = useBridgeState((state) => state.secrets)
  const said = words.settings.generalSection.secretsNow
  if (secrets.kind === 'asked') return <p className="faint">{said.asked}</p>
  if (secrets.kind === 'kept') return <p className="faint">{said.kept(plain(secrets.where, 300))}</p>
  return (
    <Notice tone="ask" title={said.unavailable[secrets.by]}>
      <p>
        <SafeText text={`${secrets.reason}.`} maxLength={300} />
      </p>
      <p>{said.unavailableNext[secrets.by]}</p>
    </Notice>
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
