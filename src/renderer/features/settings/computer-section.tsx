import type { ReactNode } from 'react'
import { Card } from '../../ui/card.tsx'
import { Checkbox, Input } from '../../ui/field.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { words } from '../../words/words.ts'
import type { ProfileSectionProps } from './section-frame.tsx'
import { SshTargetFields } from './ssh-target-fields.tsx'

export function ComputerSection(props: ProfileSectionProps): ReactNode {
  const { profile, onChange, mistakeAt } = props
  const said = words.settings.computerSection
  return (
    <>
      <Card title={said.agent}>
        <Input
          label={said.listen}
          hint={said.listenHint}
          error={mistakeAt('agent', 'listen')}
          value={profile.listen}
          onChange={(listen) => onChange((before) => ({ ...before, listen }))}
        />
      </Card>
      <Card title={said.ollama}>
        <Input
          label={said.ollamaUrl}
          hint={said.ollamaHint}
          error={mistakeAt('ollama', 'url')}
          type="url"
          value={profile.ollamaUrl}
          placeholder={words.settings.optional}
          onChange={(ollamaUrl) => onChange((before) => ({ ...before, ollamaUrl }))}
        />
        {profile.ollamaUrl !== '' && <OllamaFrom {...props} />}
        {profile.ollamaUrl !== '' && profile.ollamaFrom === 'here' && profile.relay.kind === 'embedded' && (
          <Checkbox
            label={said.ollamaOffer}
            hint={said.ollamaOfferHint}
            isOn={profile.ollamaOffer}
            onChange={(ollamaOffer) => onChange((before) => ({ ...before, ollamaOffer }))}
          />
        )}
      </Card>
      <Card title={said.vpn}>
        <Input
          label={said.vpnTunnel}
          hint={said.vpnHint}
          error={mistakeAt('vpn', 'tunnel')}
          value={profile.vpnTunnel}
          placeholder={words.settings.optional}
          onChange={(vpnTunnel) => onChange((before) => ({ ...before, vpnTunnel }))}
        />
      </Card>
    </>
  )
}

/** A server that only another machine reaches is asked from there. */
function OllamaFrom({ profile, hosts, onChange, mistakeAt }: ProfileSectionProps): ReactNode {
  const said = words.settings.computerSection
  return (
    <>
      <div className="field">
        <span className="field-label" aria-hidden="true">
          {said.ollamaFrom}
        </span>
        <div>
          <Segmented
            label={said.ollamaFrom}
            value={profile.ollamaFrom}
            options={[
              { value: 'here', label: said.ollamaHere },
              { value: 'ssh', label: said.ollamaVia },
            ]}
            onChange={(ollamaFrom) => onChange((before) => ({ ...before, ollamaFrom }))}
          />
        </div>
      </div>
      {profile.ollamaFrom === 'ssh' && (
        <SshTargetFields
          target={profile.ollamaVia}
          hosts={hosts}
          mistakeAt={(...path) => mistakeAt('ollama', 'via', ...path)}
          onChange={(ollamaVia) => onChange((before) => ({ ...before, ollamaVia }))}
        />
      )}
    </>
  )
}
