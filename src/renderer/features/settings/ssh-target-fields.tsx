import { type ReactNode, useId } from 'react'
import { Input } from '../../ui/field.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { words } from '../../words/words.ts'
import type { TargetForm } from './settings-form.ts'
import type { SshHost, SshHosts } from './use-ssh-hosts.ts'

export interface SshTargetFieldsProps {
  readonly target: TargetForm
  readonly hosts: SshHosts
  /** What is wrong with the target, or with one of its parts. */
  readonly mistakeAt: (...path: readonly string[]) => string | undefined
  readonly onChange: (target: TargetForm) => void
}

/** More than anybody scrolls through; typing narrows the list down. */
const MOST_OFFERED = 200

/** Where SSH goes: an alias picked or typed, or host, port, user and key one by one. */
export function SshTargetFields(props: SshTargetFieldsProps): ReactNode {
  const { target, onChange } = props
  const said = words.settings.target
  return (
    <div className="stack">
      {target.kind === 'address' ? <AddressField {...props} /> : <PartFields {...props} />}
      <div>
        <Segmented
          label={said.form}
          value={target.kind}
          options={[
            { value: 'address', label: said.address },
            { value: 'parts', label: said.parts },
          ]}
          onChange={(kind) => onChange({ ...target, kind })}
        />
      </div>
    </div>
  )
}

function AddressField({ target, hosts, mistakeAt, onChange }: SshTargetFieldsProps): ReactNode {
  const listId = useId()
  const offered = hosts.kind === 'known' ? offer(hosts.hosts, target.address) : []
  return (
    <>
      <Input
        label={words.settings.target.host}
        hint={<TargetHint address={target.address} hosts={hosts} />}
        error={mistakeAt()}
        value={target.address}
        list={listId}
        isRequired
        onChange={(address) => onChange({ ...target, address })}
      />
      <datalist id={listId}>
        {offered.map((host) => (
          <option key={host.alias} value={host.alias} label={plain(placeOf(host), 100)} />
        ))}
      </datalist>
    </>
  )
}

function TargetHint({ address, hosts }: { readonly address: string; readonly hosts: SshHosts }): ReactNode {
  const said = words.settings.target
  if (hosts.kind === 'unknown') return said.hostsFailed
  if (address === '' || hosts.kind === 'asking') return said.addressHint
  const known = hosts.hosts.find(({ alias }) => alias === address)
  if (known !== undefined)
    return <SafeText text={said.isNamed(placeOf(known), known.source)} maxLength={200} />
  return /[@:]/.test(address) ? said.addressHint : said.isNotNamed
}

function PartFields({ target, mistakeAt, onChange }: SshTargetFieldsProps): ReactNode {
  const said = words.settings.target
  return (
    <div className="field-grid">
      <Input
        label={said.hostName}
        error={mistakeAt('host') ?? mistakeAt()}
        value={target.host}
        isRequired
        onChange={(host) => onChange({ ...target, host })}
      />
      <Input
        label={said.port}
        error={mistakeAt('port')}
        value={target.port}
        placeholder="22"
        onChange={(port) => onChange({ ...target, port })}
      />
      <Input
        label={said.user}
        error={mistakeAt('user')}
        value={target.user}
        placeholder={said.usual}
        onChange={(user) => onChange({ ...target, user })}
      />
      <Input
        label={said.identityFile}
        error={mistakeAt('identityFile')}
        value={target.identityFile}
        placeholder={said.usual}
        onChange={(identityFile) => onChange({ ...target, identityFile })}
      />
    </div>
  )
}

function offer(hosts: readonly SshHost[], typed: string): readonly SshHost[] {
  const wanted = typed.toLowerCase()
  const seen = new Set<string>()
  const matching = hosts.filter(({ alias }) => {
    const isNew = !seen.has(alias)
    seen.add(alias)
    return isNew && alias.toLowerCase().includes(wanted)
  })
  return matching.slice(0, MOST_OFFERED)
}

function placeOf({ host, user, port }: SshHost): string {
  return `${user === undefined ? '' : `${user}@`}${host}${port === 22 ? '' : `:${port}`}`
}
