import type { ControlSettings, EgressSettings } from '../../../shared/settings/egress.ts'
import { words } from '../../words/words.ts'
import { onOff } from './value-text.ts'

/** Everything of the proxy as a name and a text; undefined is not there. */
export function egressDetails(egress: EgressSettings): readonly (readonly [string, string | undefined])[] {
  const { egress: said } = words.settings
  const { names } = said
  const { mtls } = egress
  return [
    [names.use, said[egress.use]],
    [
      names.rules,
      listed(egress.rules.map(({ hosts, use }) => names.ruleText(hosts.join(', '), said.ruleUses[use]))),
    ],
    [names.bypass, listed(egress.bypass)],
    [names.allowPrivate, listed(egress.allowPrivate)],
    [names.connectPorts, listed(egress.connectPorts.map(String)) ?? words.settings.values.nothing],
    [names.passwordFile, egress.passwordFile],
    [names.systemProxy, onOff(egress.systemProxy)],
    [names.server, mtls === undefined ? undefined : (mtls.server ?? names.byControl)],
    [names.serverName, mtls?.serverName],
    [names.ca, mtls?.ca],
    [names.cert, mtls?.cert],
    [names.key, mtls?.key],
    [names.crl, mtls?.crl],
    [names.protocol, mtls === undefined ? undefined : said.protocols[mtls.protocol]],
    [names.hold, mtls === undefined ? undefined : names.seconds(mtls.holdSeconds)],
    [names.control, mtls?.control === undefined ? undefined : controlText(mtls.control)],
  ]
}

function listed(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : items.join(' · ')
}

function controlText(control: ControlSettings): string {
  const { kind, ...parts } = control
  const values = Object.values(parts).flat().join(' · ')
  return `${words.settings.egress.controls[kind]}: ${values}`
}
