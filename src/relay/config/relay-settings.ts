import { AppError } from '../../shared/errors/app-error.ts'
import type { RelayConfig } from './config-schema.ts'

export interface BaseUrls {
  /** Sign-in pages. */
  readonly github: string
  readonly githubApi: string
  /** `undefined`: whatever GitHub names for the account. */
  readonly copilot: string | undefined
  /** Where GitHub names nothing. */
  readonly copilotFallback: string
  readonly openrouter: string
}

/** Milliseconds of silence. */
export interface Limits {
  /** After this a comment is sent to the client. */
  readonly heartbeatMs: number
  /** Until the first byte of a stream. */
  readonly firstByteMs: number
  /** Between bytes of a stream, comments included. */
  readonly betweenBytesMs: number
  /** Between events of a stream while comments keep coming. */
  readonly contentStallMs: number
  /** Until the headers of an answer that is no stream: it comes only when all of it is written. */
  readonly wholeReplyMs: number
}

export interface RoutingSettings {
  /** Upstream of models without a prefix. */
  readonly defaultUpstream: string
  /** By the model as a client calls it; `*` for all others. */
  readonly fallbacks: Readonly<Record<string, readonly string[]>>
}

/** Everything that is fixed while the relay runs. */
export interface RelaySettings {
  readonly baseUrls: BaseUrls
  readonly limits: Limits
  readonly maxBodyBytes: number
  readonly allowedHosts: ReadonlySet<string>
  readonly allowRemote: boolean
  /** Prefixes of OpenRouter paths that are open to clients; `undefined` for the usual ones. */
  readonly openrouterPaths: readonly string[] | undefined
  readonly routing: RoutingSettings
  readonly siteUrl: string
  readonly siteName: string
}

export type Env = Readonly<Record<string, string | undefined>>

/** The environment wins over config.json. */
export function resolveSettings(config: RelayConfig, env: Env): RelaySettings {
  const { relay = {} } = config
  const { limits = {} } = relay
  // Asked for again with every sign-in; a mistake in it is to stop the start.
  identityNamed(env)
  return {
    baseUrls: resolveBaseUrls(config, env),
    limits: {
      heartbeatMs: limits.heartbeat_ms ?? 15_000,
      firstByteMs: limits.first_byte_ms ?? 120_000,
      betweenBytesMs: limits.between_bytes_ms ?? 60_000,
      contentStallMs: limits.content_stall_ms ?? 600_000,
      wholeReplyMs: limits.whole_reply_ms ?? 600_000,
    },
    maxBodyBytes: relay.max_body_bytes ?? 32 * 1024 * 1024,
    // Names under which containers reach their host; no web page can be served from them.
    allowedHosts: new Set([
      'host.docker.internal',
      'host.containers.internal',
      ...(relay.allowed_hosts ?? []).map((host) => host.toLowerCase()),
    ]),
    allowRemote: relay.allow_remote ?? false,
    openrouterPaths: relay.allowed_paths,
    routing: {
      defaultUpstream: config.routing?.default ?? 'copilot',
      fallbacks: config.routing?.fallbacks ?? {},
    },
    siteUrl: config.site_url ?? 'http://localhost',
    siteName: config.site_name ?? 'Sovereign Bridge',
  }
}

/** What COPILOT_IDENTITY asks for, if anything. @throws AppError `environment.invalid` */
export function identityNamed(env: Env): 'own' | 'vscode' | undefined {
  const name = env.COPILOT_IDENTITY?.trim() || undefined
  if (name === undefined || name === 'own' || name === 'vscode') return name
  throw new AppError('environment.invalid', `COPILOT_IDENTITY is "${name}", which is no identity.`, {
    remedy: 'Set it to own or vscode, or take it out of the environment.',
  })
}

/** `https://acme.ghe.com` (data residency) has its API and Copilot under names of its own. */
function resolveBaseUrls({ upstreams = {} }: RelayConfig, env: Env): BaseUrls {
  const pick = (name: string, configured: string | undefined): string | undefined => {
    const value = env[name]?.trim() || configured
    if (value === undefined) return undefined
    if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol))
      throw new AppError('relay.config-invalid', `${name} is no http or https address: "${value}".`, {
        remedy: `Correct ${name} in the environment, or take it out.`,
      })
    return value.replace(/\/+$/, '')
  }
  const github = pick('GITHUB_BASE_URL', upstreams.github) ?? 'https://github.com'
  const residency = /^https:\/\/([a-z0-9-]+\.ghe\.com)$/i.exec(github)?.[1]
  const apiDefault = residency === undefined ? 'https://api.github.com' : `https://api.${residency}`
  const copilotFallback =
    residency === undefined ? 'https://api.githubcopilot.com' : `https://copilot-api.${residency}`
  return {
    github,
    githubApi: pick('GITHUB_API_BASE_URL', upstreams.github_api) ?? apiDefault,
    copilot: pick('COPILOT_API_BASE_URL', upstreams.copilot),
    copilotFallback,
    openrouter: pick('OPENROUTER_BASE_URL', upstreams.openrouter) ?? 'https://openrouter.ai',
  }
}

/** Where `sovereign relay` listens: RELAY_HOST and RELAY_PORT before config.json before 127.0.0.1:8080. */
export function resolveListen(
  config: RelayConfig,
  env: Env,
): { readonly host: string; readonly port: number } {
  const text = env.RELAY_PORT?.trim()
  const port = text === undefined || text === '' ? (config.relay?.port ?? 8080) : Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new AppError('relay.config-invalid', `RELAY_PORT is no port: "${text ?? ''}".`, {
      remedy: 'A port is a number from 1 to 65535; 0 takes any free one.',
    })
  return { host: env.RELAY_HOST?.trim() || config.relay?.host || '127.0.0.1', port }
}
