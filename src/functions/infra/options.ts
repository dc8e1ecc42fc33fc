/** What whoever deploys may choose. Certificates and networks are not among it: they are a secret and a parameter. */
export interface TunnelOptions {
  /** Names the cluster, the service, the functions and the secrets. */
  readonly name: string
  /** Image of the tunnel server; built from the sources with Docker unless told. */
  readonly image: string | undefined
  /** Names in certificates of agents that the server lets in, such as `sovereign://agent/*`. */
  readonly allow: readonly string[]
  /** Agents that get a policy, and a secret to hand their certificate over in. */
  readonly agents: readonly string[]
  readonly port: number
  readonly idleMinutes: number
  readonly maxLifetimeMinutes: number
  /** Accounts that are new have no concurrency to reserve: see docs/tunnel-aws.md. */
  readonly reserveConcurrency: boolean
  /** Gets the alarms. */
  readonly alarmEmail: string | undefined
}

export const DEFAULT_OPTIONS: TunnelOptions = {
  name: 'sovereign-tunnel',
  image: undefined,
  allow: ['sovereign://agent/*'],
  agents: [],
  port: 8443,
  idleMinutes: 15,
  maxLifetimeMinutes: 12 * 60,
  reserveConcurrency: true,
  alarmEmail: undefined,
}

/** A network as CloudFormation and `--cidr` take it, such as 203.0.113.7/32. */
export const NETWORK_PATTERN = '^(?:\\d{1,3}\\.){3}\\d{1,3}/(?:\\d|[12]\\d|3[0-2])$'

/** Reads them from the context of the CDK app, where all is text. @throws Error naming what is wrong. */
export function readOptions(context: (name: string) => unknown): TunnelOptions {
  const text = (name: string) => {
    const value = context(name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const list = (name: string) =>
    text(name)
      ?.split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
  const number = (name: string, fallback: number) => {
    const value = Number(text(name) ?? fallback)
    if (Number.isInteger(value) && value > 0) return value
    throw new Error(`"${name}" has to be a whole number above 0.`)
  }
  const allow = list('allow') ?? DEFAULT_OPTIONS.allow
  if (allow.length === 0) throw new Error('"allow" has to name at least one agent.')
  return {
    name: text('name') ?? DEFAULT_OPTIONS.name,
    image: text('image'),
    allow,
    agents: list('agents') ?? [],
    port: number('port', DEFAULT_OPTIONS.port),
    idleMinutes: number('idleMinutes', DEFAULT_OPTIONS.idleMinutes),
    maxLifetimeMinutes: number('maxLifetimeMinutes', DEFAULT_OPTIONS.maxLifetimeMinutes),
    reserveConcurrency: text('reserveConcurrency') !== 'false',
    alarmEmail: text('alarmEmail'),
  }
}
