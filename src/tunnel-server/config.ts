import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { isPemText, type TlsSources } from '../node/tunnel/tls-material.ts'
import { AppError } from '../shared/errors/app-error.ts'
import { TUNNEL_METRICS } from '../shared/protocol/tunnel-metrics.ts'
import { explainIssues } from '../shared/settings/explain.ts'
import type { JsonSchema } from '../shared/settings/json-schema.ts'
import { formatPath, type Mistake } from '../shared/settings/mistake.ts'
import { configSchema, type TunnelServerConfig } from './config-schema.ts'

export type Env = Readonly<Record<string, string | undefined>>

export interface ResolvedConfig extends TunnelServerConfig {
  readonly tls: TlsSources
  readonly metrics: { readonly namespace: string; readonly serviceName: string; readonly clusterName: string }
}

const PREFIX = 'FLUIDITY_'

/**
 * Options win over the environment, the environment over the file. Every key may come as `FLUIDITY_<KEY>` (lists with
 * commas between), certificates as `CERT_PEM`, `KEY_PEM`, `CA_PEM` and `CRL_PEM`, plain or in base64.
 *
 * @param path undefined for no file at all. @throws AppError `tunnel.config-invalid` with the file and line
 */
export async function readConfig(
  path: string | undefined,
  env: Env,
  options: Readonly<Record<string, unknown>> = {},
): Promise<ResolvedConfig> {
  const fromFile = path === undefined ? {} : await readYaml(path)
  const merged = { ...fromFile.value, ...fromEnvironment(env), ...options }
  const result = configSchema.safeParse(merged)
  if (!result.success) {
    const schema = z.toJSONSchema(configSchema, { io: 'input' })
    const [mistake] = explainIssues(result.error.issues, merged, schema as JsonSchema)
    throw invalid(path, mistake, fromFile.lineOf)
  }
  const config = result.data
  if (config.use_secrets_manager && !PEM_VARIABLES.every((name) => env[name]))
    throw notFetched(config.secrets_manager_name, path, fromFile.lineOf)
  const base = path === undefined ? process.cwd() : dirname(resolve(path))
  return { ...config, tls: tlsSources(config, env, base), metrics: metricsOf(env) }
}

const PEM_VARIABLES = ['CERT_PEM', 'KEY_PEM', 'CA_PEM'] as const

/** The SDK for it is larger than the server, which needs no rights at AWS where ECS brings the secret. */
function notFetched(name: string | undefined, path: string | undefined, lineOf: Yaml['lineOf']): AppError {
  const mistake = { path: ['use_secrets_manager'], text: 'the server fetches no secret itself.' }
  const secret = name === undefined || name === '' ? 'the secret' : `"${name}"`
  const example = '{"name":"CERT_PEM","valueFrom":"<ARN of the secret>:cert_pem::"}'
  return new AppError('tunnel.config-invalid', placed(path, mistake, lineOf), {
    remedy:
      `Let ECS put cert_pem, key_pem and ca_pem of ${secret} into CERT_PEM, KEY_PEM and CA_PEM, by ` +
      `"secrets" of the task definition: ${example} and so on. ` +
      'Elsewhere set the three yourself, or leave use_secrets_manager out and name the files.',
  })
}

interface Yaml {
  readonly value?: Readonly<Record<string, unknown>>
  readonly lineOf?: (mistake: Mistake) => number | undefined
}

async function readYaml(path: string): Promise<Yaml> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const what = cause.code === 'ENOENT' ? 'does not exist' : `cannot be read (${cause.code})`
    throw new AppError('tunnel.config-invalid', `${path} ${what}.`, { cause })
  })
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0])
    throw new AppError('tunnel.config-invalid', `${path} line ${line}: ${error.message.split('\n')[0]}.`)
  }
  const value: unknown = document.toJS() ?? {}
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AppError('tunnel.config-invalid', `${path} has to hold keys and values.`)
  const lineOf = ({ path: [key] }: Mistake): number | undefined => {
    const index = text.split('\n').findIndex((line) => line.startsWith(`${String(key)}:`))
    return index < 0 ? undefined : index + 1
  }
  return { value: value as Record<string, unknown>, lineOf }
}

function fromEnvironment(env: Env): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const key of Object.keys(configSchema.shape)) {
    const text = env[PREFIX + key.toUpperCase()]
    if (text !== undefined && text !== '') found[key] = parsedValue(key, text)
  }
  if (env.METRICS_ENABLED !== undefined)
    found.emit_metrics ??= parsedValue('emit_metrics', env.METRICS_ENABLED)
  if (env.METRICS_EMIT_INTERVAL !== undefined) found.metrics_interval ??= env.METRICS_EMIT_INTERVAL
  return found
}

const LISTS: ReadonlySet<string> = new Set(['allow', 'allow_private'])

/** A text that does not fit stays one, for the schema to name. */
function parsedValue(key: string, text: string): unknown {
  if (LISTS.has(key))
    return text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
  if (/^\d+$/.test(text)) return Number(text)
  return text === 'true' || text === 'false' ? text === 'true' : text
}

function tlsSources(config: TunnelServerConfig, env: Env, base: string): TlsSources {
  const source = (name: string, key: keyof TunnelServerConfig): string | undefined => {
    const pem = pemOf(name, env[name])
    const path = config[key]
    return pem ?? (typeof path === 'string' ? resolve(base, path) : undefined)
  }
  const sources = {
    cert: source('CERT_PEM', 'cert_file'),
    key: source('KEY_PEM', 'key_file'),
    ca: source('CA_PEM', 'ca_cert_file'),
  }
  const { ca, cert, key } = sources
  if (ca === undefined || cert === undefined || key === undefined) {
    const names = { cert: 'cert_file', key: 'key_file', ca: 'ca_cert_file' }
    const missing = (['cert', 'key', 'ca'] as const).filter((part) => sources[part] === undefined)
    throw new AppError(
      'tunnel.config-invalid',
      `There is no ${missing.map((part) => names[part]).join(', ')}.`,
      {
        remedy: 'Name the files in the configuration, or put their text into CERT_PEM, KEY_PEM and CA_PEM.',
      },
    )
  }
  return { ca, cert, key, crl: source('CRL_PEM', 'crl_file') }
}

/** Secrets are kept either way; tools that store them disagree. */
function pemOf(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '') return undefined
  // Line ends are lost in many ways of passing a variable on.
  const plain = isPemText(text) ? text : Buffer.from(text, 'base64').toString('utf8')
  if (isPemText(plain)) return plain.replaceAll('\\n', '\n')
  throw new AppError('tunnel.config-invalid', `${name} holds no PEM, neither plain nor in base64.`)
}

function metricsOf(env: Env): ResolvedConfig['metrics'] {
  return {
    namespace: env.METRICS_NAMESPACE || TUNNEL_METRICS.namespace,
    serviceName: env.ECS_SERVICE_NAME || 'fluidity-server',
    clusterName: env.ECS_CLUSTER_NAME || 'fluidity',
  }
}

function invalid(path: string | undefined, mistake: Mistake | undefined, lineOf: Yaml['lineOf']): AppError {
  const text = mistake === undefined ? 'The configuration has a mistake.' : placed(path, mistake, lineOf)
  return new AppError('tunnel.config-invalid', text)
}

function placed(path: string | undefined, mistake: Mistake, lineOf: Yaml['lineOf']): string {
  const line = lineOf?.(mistake)
  const place =
    path === undefined || line === undefined ? (path ?? 'the configuration') : `${path} line ${line}`
  return `${place}: ${formatPath(mistake.path)}: ${mistake.text}`
}
