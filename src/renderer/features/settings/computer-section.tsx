import type { ReactNode } from 'react'
import { Card } from '../../ui/card.tsx'
import { Input } from '../../ui/field.tsx'
import { words } from '../../words/words.ts'
import type { ProfileSectionProps } from './section-frame.tsx'

export function ComputerSection({ profile, onChange, mistakeAt }: ProfileSectionProps): ReactNode {
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
