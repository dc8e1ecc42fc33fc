import { AppError } from '../../shared/errors/app-error.ts'
import { ollamaUrlMistake } from '../../shared/settings/ollama-url.ts'
import type { RelayConfig } from './config-schema.ts'
import type { OllamaConfig } from './ollama-schema.ts'
import type { Env } from './relay-settings.ts'

/** Loading 70 GB from a disk takes minutes, and so does a long prompt on a machine without a large GPU. */
const SILENCE_MS = 600_000
/** What coding agents need; shorter prompts are cut without a word. */
const LEAST_CONTEXT = 64_000

/** The Ollama of the relay, with everything decided. */
export interface OllamaSettings {
  /** Without a slash at the end. */
  readonly url: string
  readonly localOnly: boolean
  readonly models: readonly string[] | undefined
  readonly keepAlive: string | number | undefined
  readonly silenceMs: number
  readonly contextLength: number | undefined
  readonly contextWarning: number
  /** `Host` header to send. */
  readonly host: string
}

export function ollamaSettings(config: OllamaConfig): OllamaSettings {
  const url = config.url.replace(/\/+$/, '')
  const { protocol, host } = new URL(url)
  return {
    url,
    localOnly: config.local_only ?? true,
    models: config.models,
    keepAlive: config.keep_alive,
    silenceMs: config.silence_ms ?? SILENCE_MS,
    contextLength: config.context_length,
    contextWarning: config.context_warning ?? LEAST_CONTEXT,
    // An Ollama on loopback takes few names, also behind a tunnel or a port that is passed on; this one always.
    // Behind TLS there is a proxy, which has the certificate and goes by the name in it.
    host: config.host ?? (protocol === 'http:' ? 'localhost:11434' : host),
  }
}

/** The environment wins over config.json. @throws AppError `relay.config-invalid` */
export function resolveOllama({ ollama, upstreams }: RelayConfig, env: Env): OllamaSettings | undefined {
  const named = env.OLLAMA_BASE_URL?.trim() || undefined
  const mistake = named === undefined ? undefined : ollamaUrlMistake(named)
  if (mistake !== undefined)
    throw new AppError('relay.config-invalid', `OLLAMA_BASE_URL ${mistake}.`, {
      remedy: 'Correct OLLAMA_BASE_URL in the environment, or take it out.',
    })
  const url = named ?? ollama?.url ?? upstreams?.ollama
  return url === undefined ? undefined : ollamaSettings({ ...ollama, url })
}
