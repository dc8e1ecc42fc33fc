import { type FormEvent, type ReactNode, useId, useMemo, useState } from 'react'
import type { SettingsPath } from '../../../shared/settings/mistake.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Checkbox, Input } from '../../ui/field.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import type { ClientForm } from './settings-form.ts'
import { SshTargetFields } from './ssh-target-fields.tsx'
import type { SshHosts } from './use-ssh-hosts.ts'

/** @returns what is wrong with the client, by path below it. */
export type JudgeClient = (client: ClientForm) => (...path: SettingsPath) => string | undefined

export interface ClientDialogProps {
  readonly client: ClientForm
  readonly isNew: boolean
  readonly hosts: SshHosts
  readonly judge: JudgeClient
  readonly onClose: () => void
  readonly onDone: (client: ClientForm) => void
}

/** One client, edited apart; nothing of it reaches the list before it is done and right. */
export function ClientDialog({ client, isNew, hosts, judge, onClose, onDone }: ClientDialogProps): ReactNode {
  const [draft, setDraft] = useState(client)
  /** An empty field is no mistake before somebody has tried to go on. */
  const [hasTried, setTried] = useState(!isNew)
  const formId = useId()
  const said = words.settings.clientSection
  const mistakeAt = useMemo(() => judge(draft), [judge, draft])
  const mistakeFor = (value: string, ...path: SettingsPath): string | undefined =>
    value === '' && !hasTried ? undefined : mistakeAt(...path)
  const finish = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (!MUST_BE_RIGHT.some((path) => mistakeAt(...path) !== undefined)) onDone(draft)
  }
  return (
    <Dialog
      title={isNew ? said.new : said.edit(plain(client.name, 60))}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.settings.cancel}</Button>
          <SubmitButton form={formId}>{isNew ? said.add : words.settings.done}</SubmitButton>
        </>
      }
    >
      <form id={formId} className="form" noValidate onSubmit={finish}>
        <Input
          label={said.name}
          hint={said.nameHint}
          error={mistakeFor(draft.name, 'name')}
          value={draft.name}
          isRequired
          onChange={(name) => setDraft({ ...draft, name })}
        />
        <SshTargetFields
          target={draft.ssh}
          hosts={hosts}
          mistakeAt={(...path) => mistakeFor(draft.ssh.address + draft.ssh.host, 'ssh', ...path)}
          onChange={(ssh) => setDraft(withHost(draft, ssh))}
        />
        <Input
          label={said.listen}
          hint={said.listenHint}
          error={mistakeAt('listen')}
          value={draft.listen}
          isRequired
          onChange={(listen) => setDraft({ ...draft, listen })}
        />
        <Checkbox
          label={said.enabled}
          hint={said.enabledHint}
          isOn={draft.enabled}
          onChange={(enabled) => setDraft({ ...draft, enabled })}
        />
      </form>
    </Dialog>
  )
}

const MUST_BE_RIGHT: readonly SettingsPath[] = [
  [],
  ['name'],
  ['ssh'],
  ['ssh', 'host'],
  ['ssh', 'port'],
  ['ssh', 'user'],
  ['ssh', 'identityFile'],
  ['listen'],
]

/** A client mostly has the name of its host: it follows until somebody gives it another. */
function withHost(draft: ClientForm, ssh: ClientForm['ssh']): ClientForm {
  const isFollowing = draft.name === '' || draft.name === draft.ssh.address
  return { ...draft, ssh, name: isFollowing ? ssh.address : draft.name }
}

/** Below the form rather than in it, where the buttons of a dialog stand. */
function SubmitButton({
  form,
  children,
}: {
  readonly form: string
  readonly children: ReactNode
}): ReactNode {
  return (
    <button type="submit" form={form} className="button button-primary button-m">
      {children}
    </button>
  )
}
