import type {
  LogSettings,
  Profile,
  RelaySettings,
  Settings,
  SshTargetSettings,
} from '../../../shared/settings/schema.ts'
import { type EgressForm, egressForm, egressValue, USUAL_EGRESS } from './egress-form.ts'
import { filled, numberValue, withoutGaps } from './form-values.ts'

/**
 * The settings as a person edits them: texts for everything that is typed, also where it is half typed, and every
 * form of relay at once, so that looking at another one loses nothing. An empty text is a key that is left out.
 */
export interface SettingsForm {
  readonly schema: string | undefined
  /** `undefined` stands for the first profile. */
  readonly activeId: number | undefined
  readonly connectAtStart: boolean
  readonly notifications: boolean
  readonly secrets: Settings['secrets']
  readonly logs: LogForm
  readonly profiles: readonly ProfileForm[]
}

export interface LogForm {
  readonly level: LogSettings['level']
  readonly keepMiB: string
}

export interface ProfileForm {
  /** Tells profiles apart while their names change; unique within the form. */
  readonly id: number
  readonly name: string
  readonly relay: RelayForm
  readonly clients: readonly ClientForm[]
  readonly listen: string
  readonly egress: EgressForm
  readonly ollamaUrl: string
  /** From where the Ollama is asked. */
  readonly ollamaFrom: 'here' | 'ssh'
  readonly ollamaVia: TargetForm
  /** Whether the relay in the bridge offers its models. */
  readonly ollamaOffer: boolean
  readonly vpnTunnel: string
}

export interface RelayForm {
  readonly kind: 'embedded' | 'ssh' | 'url'
  readonly ssh: TargetForm
  readonly port: string
  readonly adminSocket: string
  readonly url: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly tokenFile: string
  readonly adminTokenFile: string
}

export interface TargetForm {
  /** One text, or the parts spelled out. */
  readonly kind: 'address' | 'parts'
  readonly address: string
  readonly host: string
  readonly port: string
  readonly user: string
  readonly identityFile: string
}

export interface ClientForm {
  /** Unique within its profile. */
  readonly id: number
  readonly name: string
  readonly ssh: TargetForm
  readonly listen: string
  readonly enabled: boolean
}

const EMPTY_TARGET: TargetForm = {
  kind: 'address',
  address: '',
  host: '',
  port: '',
  user: '',
  identityFile: '',
}
const EMPTY_RELAY: RelayForm = {
  kind: 'embedded',
  ssh: EMPTY_TARGET,
  port: '8080',
  adminSocket: '',
  url: '',
  ca: '',
  cert: '',
  key: '',
  tokenFile: '',
  adminTokenFile: '',
}
const USUAL_LISTEN = '127.0.0.1:8080'

export function newProfile(id: number, name: string): ProfileForm {
  return {
    id,
    name,
    relay: EMPTY_RELAY,
    clients: [],
    listen: USUAL_LISTEN,
    egress: USUAL_EGRESS,
    ollamaUrl: '',
    ollamaFrom: 'here',
    ollamaVia: EMPTY_TARGET,
    ollamaOffer: false,
    vpnTunnel: '',
  }
}

export function newClient(id: number): ClientForm {
  return { id, name: '', ssh: EMPTY_TARGET, listen: USUAL_LISTEN, enabled: true }
}

/** One that no item has yet. */
export function nextId(items: readonly { readonly id: number }[]): number {
  return items.reduce((highest, { id }) => Math.max(highest, id), -1) + 1
}

/** `work`, `work 2`, `work 3`: the first that is not taken. */
export function freeName(wanted: string, taken: readonly { readonly name: string }[]): string {
  const names = new Set(taken.map(({ name }) => name))
  if (!names.has(wanted)) return wanted
  let count = 2
  while (names.has(`${wanted} ${count}`)) count += 1
  return `${wanted} ${count}`
}

export function formOf(settings: Settings): SettingsForm {
  const { $schema, activeProfile, connectAtStart, logs, notifications, profiles, secrets } = settings
  const active = profiles.findIndex(({ name }) => name === activeProfile)
  return {
    schema: $schema,
    activeId: active < 0 ? undefined : active,
    connectAtStart,
    notifications,
    secrets,
    logs: { ...logs, keepMiB: String(logs.keepMiB) },
    profiles: profiles.map(profileForm),
  }
}

function profileForm({ name, relay, clients, agent, egress, ollama, vpn }: Profile, id: number): ProfileForm {
  return {
    id,
    name,
    relay: relayForm(relay),
    clients: clients.map(({ ssh, ...client }, index) => ({ ...client, id: index, ssh: targetForm(ssh) })),
    listen: agent.listen,
    egress: egressForm(egress),
    ollamaUrl: ollama?.url ?? '',
    ollamaFrom: ollama?.via === undefined ? 'here' : 'ssh',
    ollamaVia: ollama?.via === undefined ? EMPTY_TARGET : targetForm(ollama.via),
    ollamaOffer: ollama?.offer === true,
    vpnTunnel: vpn?.tunnel ?? '',
  }
}

function relayForm(relay: RelaySettings): RelayForm {
  if ('embedded' in relay) return EMPTY_RELAY
  if ('url' in relay) return { ...EMPTY_RELAY, ...withoutGaps(relay), kind: 'url' }
  const { ssh, port, adminSocket = '' } = relay
  return { ...EMPTY_RELAY, kind: 'ssh', ssh: targetForm(ssh), port: String(port), adminSocket }
}

function targetForm(ssh: SshTargetSettings): TargetForm {
  if (typeof ssh === 'string') return { ...EMPTY_TARGET, address: ssh }
  const { host, port, user = '', identityFile = '' } = ssh
  return {
    ...EMPTY_TARGET,
    kind: 'parts',
    host,
    port: port === undefined ? '' : String(port),
    user,
    identityFile,
  }
}

/** What the form says, in the shape of the settings file; not checked yet. */
export function formValue(form: SettingsForm): Readonly<Record<string, unknown>> {
  const { schema, activeId, connectAtStart, logs, notifications, profiles, secrets } = form
  return withoutGaps({
    $schema: schema,
    version: 1,
    activeProfile: profiles.find(({ id }) => id === activeId)?.name,
    profiles: profiles.map(profileValue),
    connectAtStart,
    notifications,
    secrets,
    logs: withoutGaps({ level: logs.level, keepMiB: numberValue(logs.keepMiB) }),
  })
}

/** As the bridge writes it. */
export function textOf(form: SettingsForm): string {
  return `${JSON.stringify(formValue(form), null, 2)}\n`
}

function profileValue(profile: ProfileForm): unknown {
  const { name, relay, clients, listen, egress, vpnTunnel } = profile
  return withoutGaps({
    name,
    relay: relayValue(relay),
    clients: clients.map(clientValue),
    agent: { listen },
    egress: egressValue(egress),
    ollama: ollamaValue(profile),
    vpn: vpnTunnel === '' ? undefined : { tunnel: vpnTunnel },
  })
}

function ollamaValue({ ollamaUrl, ollamaFrom, ollamaVia, ollamaOffer }: ProfileForm): unknown {
  if (ollamaUrl === '') return undefined
  const isAway = ollamaFrom === 'ssh'
  return withoutGaps({
    url: ollamaUrl,
    via: isAway ? targetValue(ollamaVia) : undefined,
    offer: ollamaOffer && !isAway ? true : undefined,
  })
}

function clientValue({ name, ssh, listen, enabled }: ClientForm): unknown {
  return { name, ssh: targetValue(ssh), listen, enabled }
}

function relayValue(relay: RelayForm): unknown {
  const { kind, ssh, port, adminSocket, url, ca, cert, key, tokenFile, adminTokenFile } = relay
  switch (kind) {
    case 'embedded':
      return { embedded: true }
    case 'ssh':
      return withoutGaps({
        ssh: targetValue(ssh),
        port: numberValue(port),
        adminSocket: filled(adminSocket),
      })
    case 'url':
      return withoutGaps({
        url,
        ca: filled(ca),
        cert: filled(cert),
        key: filled(key),
        tokenFile: filled(tokenFile),
        adminTokenFile: filled(adminTokenFile),
      })
  }
}

function targetValue({ kind, address, host, port, user, identityFile }: TargetForm): unknown {
  if (kind === 'address') return address
  return withoutGaps({
    host,
    port: numberValue(port),
    user: filled(user),
    identityFile: filled(identityFile),
  })
}
