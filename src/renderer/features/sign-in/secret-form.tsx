import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { CallArgs } from '../../../shared/bridge-api/calls.ts'
import { useApi } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'

export interface SecretFormProps {
  readonly kind: CallArgs<'giveCredential'>['kind']
  readonly label: string
  readonly hint: string
  readonly submit: string
  readonly submitting: string
  readonly failedTitle: string
  readonly takenTitle: string
  readonly takenText: string
  /** What is wrong with it at first sight; undefined for what the relay has to try. */
  readonly mistakeIn: (secret: string) => string | undefined
  readonly onChanged: () => void
}

/** Takes a token or key and hands it to the relay. It is forgotten here the moment it is handed over. */
export function SecretForm(props: SecretFormProps): ReactNode {
  const { kind, label, hint, mistakeIn, onChanged } = props
  const api = useApi()
  const [secret, setSecret] = useState('')
  const [isTaken, setTaken] = useState(false)
  const giving = useAction(async (given: string) => {
    await api.giveCredential({ kind, secret: given })
    setTaken(true)
    onChanged()
  })
  const outcome = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // The window is low, and what is below its edge has not been said.
    if (giving.error !== undefined || isTaken) outcome.current?.scrollIntoView({ block: 'nearest' })
  }, [giving.error, isTaken])
  const trimmed = secret.trim()
  const mistake = trimmed === '' ? undefined : mistakeIn(trimmed)
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (trimmed === '' || mistake !== undefined || giving.isRunning) return
        setSecret('')
        setTaken(false)
        giving.run(trimmed)
      }}
    >
      <Input
        label={label}
        hint={hint}
        error={mistake}
        type="password"
        isMono
        value={secret}
        maxLength={1000}
        onChange={(typed) => {
          setTaken(false)
          giving.dismiss()
          setSecret(typed)
        }}
      />
      <div className="row">
        <Button
          type="submit"
          look="primary"
          isBusy={giving.isRunning}
          isDisabled={!giving.isRunning && (trimmed === '' || mistake !== undefined)}
        >
          {giving.isRunning ? props.submitting : props.submit}
        </Button>
      </div>
      <div ref={outcome} className="secret-outcome">
        {giving.error !== undefined && (
          <FailureNotice title={props.failedTitle} failure={giving.error} isUrgent />
        )}
        {isTaken && (
          <Notice tone="good" title={props.takenTitle} isUrgent>
            {props.takenText}
          </Notice>
        )}
      </div>
    </form>
  )
}
