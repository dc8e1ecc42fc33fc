import type { ReactNode } from 'react'
import { Input, Select, TextArea } from '../../ui/field.tsx'
import { words } from '../../words/words.ts'
import { type ControlForm, USUAL_BROADCAST } from './egress-form.ts'
import type { TunnelPartProps } from './egress-part.ts'

type TextKey = Exclude<keyof ControlForm, 'kind' | 'command'>

interface ControlField {
  readonly key: TextKey
  readonly hint?: string
  readonly placeholder?: string
  readonly isRequired?: boolean
}

const said = words.settings.egress
const required = { isRequired: true } as const
const optional = { placeholder: words.settings.optional } as const

const FIELDS: Readonly<Record<ControlForm['kind'], readonly ControlField[]>> = {
  none: [],
  aws: [
    { key: 'wake', hint: said.wakeHint, ...required },
    { key: 'query', hint: said.queryHint, ...required },
    { key: 'kill', hint: said.killHint, ...required },
    { key: 'region', hint: said.regionHint, ...optional },
    { key: 'awsProfile', hint: said.awsProfileHint, ...optional },
  ],
  webhook: [
    { key: 'url', hint: said.urlHint, ...required },
    { key: 'secretFile', placeholder: said.filePlaceholder, ...required },
  ],
  'wake-on-lan': [
    { key: 'mac', hint: said.macHint, ...required },
    { key: 'broadcast', placeholder: USUAL_BROADCAST },
  ],
  process: [],
}

const KINDS = (['none', 'aws', 'webhook', 'wake-on-lan', 'process'] as const).map((value) => ({
  value,
  label: said.controls[value],
}))

/** Who starts the server when it is needed, and stops it when it is not. */
export function TunnelControl({ tunnel, onChange, mistakeAt }: TunnelPartProps): ReactNode {
  const { control } = tunnel
  const change = (part: Partial<ControlForm>): void => onChange({ control: { ...control, ...part } })
  return (
    <>
      <Select
        label={said.control}
        value={control.kind}
        options={KINDS}
        onChange={(kind) => change({ kind })}
      />
      {FIELDS[control.kind].length > 0 && (
        <div className="field-grid">
          {FIELDS[control.kind].map(({ key, ...field }) => (
            <Input
              key={key}
              {...field}
              label={said[key]}
              error={mistakeAt('control', key)}
              value={control[key]}
              onChange={(text) => change({ [key]: text })}
            />
          ))}
        </div>
      )}
      {control.kind === 'process' && (
        <TextArea
          label={said.command}
          hint={said.commandHint}
          error={mistakeAt('control', 'command')}
          rows={3}
          value={control.command}
          onChange={(command) => change({ command })}
        />
      )}
    </>
  )
}
