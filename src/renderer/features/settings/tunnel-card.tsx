import type { ReactNode } from 'react'
import { Card } from '../../ui/card.tsx'
import { Checkbox, Input, Select } from '../../ui/field.tsx'
import { words } from '../../words/words.ts'
import { needsTunnel, USUAL_SERVER_NAME } from './egress-form.ts'
import type { EgressPartProps, TunnelPartProps } from './egress-part.ts'
import { TunnelControl } from './tunnel-control.tsx'

/** The tunnel server that the proxy can get out through. */
export function TunnelCard({ egress, onChange, mistakeAt }: EgressPartProps): ReactNode {
  const said = words.settings.egress
  const isNeeded = needsTunnel(egress)
  const part: TunnelPartProps = {
    tunnel: egress.tunnel,
    onChange: (change) => onChange((before) => ({ ...before, tunnel: { ...before.tunnel, ...change } })),
    mistakeAt: (...path) => mistakeAt('mtls', ...path),
  }
  return (
    <Card title={said.tunnel}>
      <Checkbox
        label={said.hasTunnel}
        hint={isNeeded && egress.hasTunnel ? said.hasTunnelNeeded : said.hasTunnelHint}
        isOn={egress.hasTunnel}
        isDisabled={isNeeded && egress.hasTunnel}
        onChange={(hasTunnel) => onChange((before) => ({ ...before, hasTunnel }))}
      />
      {egress.hasTunnel && (
        <div className="form">
          <TunnelFields {...part} />
          <TunnelControl {...part} />
        </div>
      )}
    </Card>
  )
}

function TunnelFields({ tunnel, onChange, mistakeAt }: TunnelPartProps): ReactNode {
  const said = words.settings.egress
  return (
    <>
      <div className="field-grid">
        <Input
          label={said.server}
          hint={said.serverHint}
          error={mistakeAt('server')}
          value={tunnel.server}
          placeholder="tunnel.example.com:8443"
          onChange={(server) => onChange({ server })}
        />
        <Input
          label={said.serverName}
          hint={said.serverNameHint}
          error={mistakeAt('serverName')}
          value={tunnel.serverName}
          placeholder={USUAL_SERVER_NAME}
          onChange={(serverName) => onChange({ serverName })}
        />
      </div>
      <div className="field-grid">
        {(['ca', 'cert', 'key'] as const).map((file) => (
          <Input
            key={file}
            label={said[file]}
            error={mistakeAt(file)}
            value={tunnel[file]}
            placeholder={said.filePlaceholder}
            isRequired
            onChange={(path) => onChange({ [file]: path })}
          />
        ))}
        <Input
          label={said.crl}
          hint={said.crlHint}
          error={mistakeAt('crl')}
          value={tunnel.crl}
          placeholder={said.filePlaceholder}
          onChange={(crl) => onChange({ crl })}
        />
      </div>
      <div className="field-grid">
        <Select
          label={said.protocol}
          value={tunnel.protocol}
          options={PROTOCOLS}
          onChange={(protocol) => onChange({ protocol })}
        />
        <Input
          label={said.hold}
          hint={said.holdHint}
          error={mistakeAt('holdSeconds')}
          value={tunnel.holdSeconds}
          onChange={(holdSeconds) => onChange({ holdSeconds })}
        />
      </div>
    </>
  )
}

const PROTOCOLS = (['h2', 'envelopes'] as const).map((value) => ({
  value,
  label: words.settings.egress.protocols[value],
}))
