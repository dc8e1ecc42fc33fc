import type { ControlSettings, EgressSettings, MtlsSettings } from '../../../shared/settings/egress.ts'
import { commandText, commandValue } from './command-text.ts'
import { filled, listIn, numberValue, withoutGaps } from './form-values.ts'

/** How the proxy gets out, as a person edits it; a tunnel that is switched off keeps what was typed. */
export interface EgressForm {
  readonly use: EgressSettings['use']
  readonly rules: readonly RuleForm[]
  /** Hosts, separated by blanks, commas or lines. */
  readonly bypass: string
  readonly allowPrivate: string
  readonly connectPorts: string
  readonly passwordFile: string
  readonly systemProxy: boolean
  readonly hasTunnel: boolean
  readonly tunnel: TunnelForm
}

export interface RuleForm {
  /** Unique within the form. */
  readonly id: number
  readonly hosts: string
  readonly use: EgressSettings['rules'][number]['use']
}

export interface TunnelForm {
  readonly server: string
  readonly serverName: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Empty without one. */
  readonly crl: string
  readonly protocol: MtlsSettings['protocol']
  readonly holdSeconds: string
  readonly control: ControlForm
}

export interface ControlForm {
  readonly kind: 'none' | ControlSettings['kind']
  readonly wake: string
  readonly query: string
  readonly kill: string
  readonly region: string
  readonly awsProfile: string
  readonly url: string
  readonly secretFile: string
  readonly mac: string
  readonly broadcast: string
  /** One argument a line. */
  readonly command: string
}

const EMPTY_CONTROL: ControlForm = {
  kind: 'none',
  wake: '',
  query: '',
  kill: '',
  region: '',
  awsProfile: '',
  url: '',
  secretFile: '',
  mac: '',
  broadcast: '',
  command: '',
}
export const USUAL_SERVER_NAME = 'sovereign-tunnel-server'
export const USUAL_BROADCAST = '255.255.255.255'
const USUAL_HOLD = '120'
const USUAL_PORTS = '443, 8443'
const EMPTY_TUNNEL: TunnelForm = {
  server: '',
  serverName: '',
  ca: '',
  cert: '',
  key: '',
  crl: '',
  protocol: 'h2',
  holdSeconds: USUAL_HOLD,
  control: EMPTY_CONTROL,
}
export const USUAL_EGRESS: EgressForm = {
  use: 'direct',
  rules: [],
  bypass: '',
  allowPrivate: '',
  connectPorts: USUAL_PORTS,
  passwordFile: '',
  systemProxy: false,
  hasTunnel: false,
  tunnel: EMPTY_TUNNEL,
}

/** Whether the settings would be wrong without a tunnel. */
export function needsTunnel({ use, rules }: EgressForm): boolean {
  return use === 'mtls' || rules.some((rule) => rule.use === 'mtls')
}

export function egressForm(egress: EgressSettings): EgressForm {
  const { use, rules, bypass, allowPrivate, connectPorts, passwordFile = '', systemProxy, mtls } = egress
  return {
    use,
    rules: rules.map(({ hosts, use }, id) => ({ id, hosts: hosts.join(', '), use })),
    bypass: bypass.join('\n'),
    allowPrivate: allowPrivate.join('\n'),
    connectPorts: connectPorts.join(', '),
    passwordFile,
    systemProxy,
    hasTunnel: mtls !== undefined,
    tunnel: mtls === undefined ? EMPTY_TUNNEL : tunnelForm(mtls),
  }
}

function tunnelForm({ server = '', serverName, holdSeconds, control, ...files }: MtlsSettings): TunnelForm {
  return {
    ...EMPTY_TUNNEL,
    ...withoutGaps(files),
    server,
    serverName: serverName === USUAL_SERVER_NAME ? '' : serverName,
    holdSeconds: String(holdSeconds),
    control: control === undefined ? EMPTY_CONTROL : controlForm(control),
  }
}

function controlForm(control: ControlSettings): ControlForm {
  switch (control.kind) {
    case 'aws': {
      const { kind, wake, query, kill, region = '', awsProfile = '' } = control
      return { ...EMPTY_CONTROL, kind, wake, query, kill, region, awsProfile }
    }
    case 'webhook':
      return { ...EMPTY_CONTROL, ...control }
    case 'wake-on-lan': {
      const broadcast = control.broadcast === USUAL_BROADCAST ? '' : control.broadcast
      return { ...EMPTY_CONTROL, ...control, broadcast }
    }
    case 'process':
      return { ...EMPTY_CONTROL, kind: control.kind, command: commandText(control.command) }
  }
}

/** In the shape of the settings file, without what is usual; undefined where all of it is. */
export function egressValue(form: EgressForm): unknown {
  const { use, rules, connectPorts, passwordFile, systemProxy, hasTunnel, tunnel } = form
  const value = withoutGaps({
    use: use === 'direct' ? undefined : use,
    rules: some(rules.map((rule) => ({ hosts: listIn(rule.hosts), use: rule.use }))),
    bypass: some(listIn(form.bypass)),
    allowPrivate: some(listIn(form.allowPrivate)),
    connectPorts: listIn(connectPorts).join(', ') === USUAL_PORTS ? undefined : portsIn(connectPorts),
    passwordFile: filled(passwordFile),
    systemProxy: systemProxy ? true : undefined,
    mtls: hasTunnel ? tunnelValue(tunnel) : undefined,
  })
  return Object.keys(value).length === 0 ? undefined : value
}

function some<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items
}

function portsIn(text: string): unknown[] {
  return listIn(text).map(numberValue)
}

function tunnelValue({
  server,
  serverName,
  ca,
  cert,
  key,
  crl,
  protocol,
  holdSeconds,
  control,
}: TunnelForm): unknown {
  return withoutGaps({
    server: filled(server.trim()),
    serverName: filled(serverName),
    ...{ ca, cert, key },
    crl: filled(crl),
    protocol: protocol === 'h2' ? undefined : protocol,
    holdSeconds: holdSeconds.trim() === USUAL_HOLD ? undefined : numberValue(holdSeconds),
    control: control.kind === 'none' ? undefined : controlValue(control),
  })
}

function controlValue(control: ControlForm): unknown {
  const { kind, wake, query, kill, region, awsProfile, url, secretFile, mac, broadcast, command } = control
  switch (kind) {
    case 'aws':
      return withoutGaps({
        ...{ kind, wake, query, kill },
        region: filled(region),
        awsProfile: filled(awsProfile),
      })
    case 'webhook':
      return { kind, url, secretFile }
    case 'wake-on-lan':
      return withoutGaps({ kind, mac, broadcast: filled(broadcast) })
    case 'process':
      return { kind, command: commandValue(command) }
    default:
      return undefined
  }
}
