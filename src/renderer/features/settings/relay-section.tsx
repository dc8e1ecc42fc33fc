import type { ReactNode } from 'react'
import { Card } from '../../ui/card.tsx'
import { Input } from '../../ui/field.tsx'
import { words } from '../../words/words.ts'
import { Choice } from './choice.tsx'
import type { ProfileSectionProps } from './section-frame.tsx'
import type { RelayForm } from './settings-form.ts'
import { SshTargetFields } from './ssh-target-fields.tsx'

interface RelayFieldsProps extends Pick<ProfileSectionProps, 'mistakeAt' | 'hosts'> {
  readonly relay: RelayForm
  readonly onChange: (change: Partial<RelayForm>) => void
}

export function RelaySection({ profile, hosts, onChange, mistakeAt }: ProfileSectionProps): ReactNode {
  const { relay } = profile
  const said = words.settings.relaySection
  const change = (part: Partial<RelayForm>): void =>
    onChange((before) => ({ ...before, relay: { ...before.relay, ...part } }))
  const fields: RelayFieldsProps = { relay, hosts, onChange: change, mistakeAt }
  return (
    <Card title={said.where}>
      <Choice
        label={said.where}
        value={relay.kind}
        options={[
          { value: 'embedded', label: said.embedded, hint: said.embeddedHint },
          { value: 'ssh', label: said.ssh, hint: said.sshHint },
          { value: 'url', label: said.url, hint: said.urlHint },
        ]}
        onChange={(kind) => change({ kind })}
      />
      {relay.kind === 'ssh' && <SshRelayFields {...fields} />}
      {relay.kind === 'url' && <UrlRelayFields {...fields} />}
    </Card>
  )
}

function SshRelayFields({ relay, hosts, onChange, mistakeAt }: RelayFieldsProps): ReactNode {
  const said = words.settings.relaySection
  return (
    <div className="form">
      <SshTargetFields
        target={relay.ssh}
        hosts={hosts}
        mistakeAt={(...path) => mistakeAt('relay', 'ssh', ...path)}
        onChange={(ssh) => onChange({ ssh })}
      />
      <div className="field-grid">
        <Input
          label={said.port}
          hint={said.portHint}
          error={mistakeAt('relay', 'port')}
          value={relay.port}
          placeholder="8080"
          onChange={(port) => onChange({ port })}
        />
        <Input
          label={said.adminSocket}
          hint={said.adminSocketHint}
          error={mistakeAt('relay', 'adminSocket')}
          value={relay.adminSocket}
          placeholder={words.settings.optional}
          onChange={(adminSocket) => onChange({ adminSocket })}
        />
      </div>
    </div>
  )
}

function UrlRelayFields(props: RelayFieldsProps): ReactNode {
  const { relay, onChange, mistakeAt } = props
  const said = words.settings.relaySection
  return (
    <div className="form">
      <Input
        label={said.address}
        hint={said.addressHint}
        error={mistakeAt('relay', 'url')}
        type="url"
        value={relay.url}
        isRequired
        onChange={(url) => onChange({ url })}
      />
      <FileGroup
        {...props}
        title={said.tls}
        hint={said.tlsHint}
        parts={[
          { key: 'ca', label: said.ca },
          { key: 'cert', label: said.cert },
          { key: 'key', label: said.key },
        ]}
      />
      <FileGroup
        {...props}
        title={said.tokens}
        hint={said.tokensHint}
        parts={[
          { key: 'tokenFile', label: said.tokenFile, hint: said.tokenFileHint },
          { key: 'adminTokenFile', label: said.adminTokenFile, hint: said.adminTokenFileHint },
        ]}
      />
    </div>
  )
}

interface FileGroupProps extends RelayFieldsProps {
  readonly title: string
  readonly hint: string
  readonly parts: readonly {
    readonly key: 'ca' | 'cert' | 'key' | 'tokenFile' | 'adminTokenFile'
    readonly label: string
    readonly hint?: string
  }[]
}

function FileGroup({ title, hint, parts, relay, onChange, mistakeAt }: FileGroupProps): ReactNode {
  return (
    <fieldset className="group">
      <legend className="group-title">{title}</legend>
      <p className="field-hint">{hint}</p>
      <div className="field-grid">
        {parts.map((part) => (
          <Input
            key={part.key}
            label={part.label}
            hint={part.hint}
            error={mistakeAt('relay', part.key)}
            value={relay[part.key]}
            placeholder={words.settings.relaySection.filePlaceholder}
            onChange={(path) => onChange({ [part.key]: path })}
          />
        ))}
      </div>
    </fieldset>
  )
}
