import type { ReactNode } from 'react'
import { Card } from '../../ui/card.tsx'
import { Checkbox, Input, TextArea } from '../../ui/field.tsx'
import { words } from '../../words/words.ts'
import { Choice } from './choice.tsx'
import { type EgressPartProps, listMistake } from './egress-part.ts'
import { EgressRules } from './egress-rules.tsx'
import type { ProfileSectionProps } from './section-frame.tsx'
import { TunnelCard } from './tunnel-card.tsx'

/** How the proxy of this computer gets out. */
export function EgressSection({ profile, onChange, mistakeAt }: ProfileSectionProps): ReactNode {
  const part: EgressPartProps = {
    egress: profile.egress,
    onChange: (change) => onChange((before) => ({ ...before, egress: change(before.egress) })),
    mistakeAt: (...path) => mistakeAt('egress', ...path),
  }
  return (
    <>
      <WayCard {...part} />
      <EgressRules {...part} />
      <HostsCard {...part} />
      <TunnelCard {...part} />
    </>
  )
}

function WayCard({ egress, onChange, mistakeAt }: EgressPartProps): ReactNode {
  const said = words.settings.egress
  return (
    <Card title={said.way}>
      <Choice
        label={said.way}
        value={egress.use}
        options={[
          { value: 'direct', label: said.direct, hint: said.directHint },
          { value: 'mtls', label: said.mtls, hint: said.mtlsHint },
        ]}
        onChange={(use) =>
          onChange((before) => ({ ...before, use, hasTunnel: before.hasTunnel || use === 'mtls' }))
        }
      />
      <Checkbox
        label={said.systemProxy}
        hint={said.systemProxyHint}
        isOn={egress.systemProxy}
        onChange={(systemProxy) => onChange((before) => ({ ...before, systemProxy }))}
      />
      <Input
        label={said.passwordFile}
        hint={said.passwordFileHint}
        error={mistakeAt('passwordFile')}
        value={egress.passwordFile}
        placeholder={words.settings.optional}
        onChange={(passwordFile) => onChange((before) => ({ ...before, passwordFile }))}
      />
    </Card>
  )
}

function HostsCard({ egress, onChange, mistakeAt }: EgressPartProps): ReactNode {
  const said = words.settings.egress
  return (
    <Card title={said.hosts}>
      <div className="field-grid">
        <TextArea
          label={said.bypass}
          hint={said.bypassHint}
          error={listMistake(mistakeAt, egress.bypass, 'bypass')}
          rows={3}
          value={egress.bypass}
          onChange={(bypass) => onChange((before) => ({ ...before, bypass }))}
        />
        <TextArea
          label={said.allowPrivate}
          hint={said.allowPrivateHint}
          error={listMistake(mistakeAt, egress.allowPrivate, 'allowPrivate')}
          rows={3}
          value={egress.allowPrivate}
          onChange={(allowPrivate) => onChange((before) => ({ ...before, allowPrivate }))}
        />
      </div>
      <Input
        label={said.connectPorts}
        hint={said.connectPortsHint}
        error={listMistake(mistakeAt, egress.connectPorts, 'connectPorts')}
        value={egress.connectPorts}
        onChange={(connectPorts) => onChange((before) => ({ ...before, connectPorts }))}
      />
    </Card>
  )
}
