import type { ReactNode } from 'react'
import { Input } from '../../ui/field.tsx'
import { words } from '../../words/words.ts'
import { portOf } from './wizard.ts'

interface Props {
  readonly label: string
  readonly hint: string
  readonly value: string
  readonly onChange: (port: string) => void
  readonly isDisabled: boolean
}

export function PortField({ value, ...props }: Props): ReactNode {
  return (
    <Input
      {...props}
      value={value}
      maxLength={5}
      error={value !== '' && portOf(value) === undefined ? words.firstRun.portWrong : undefined}
    />
  )
}
