import { dirname, resolve } from 'node:path'
import { AppError } from '../../shared/errors/app-error.ts'
import type { RelayConfig } from './config-schema.ts'
import type { Env } from './relay-settings.ts'

/** Absolute paths of PEM files. */
export interface TlsFiles {
  /** The certificate of the relay, with those in between it and a root. */
  readonly cert: string
  readonly key: string
  /** Whoever connects has to show a certificate signed by one of these. */
  readonly clientCa: string | undefined
}

/**
 * The environment wins over config.json. Paths in the file count from its folder, others from the current one.
 *
 * @returns undefined when the relay is to speak plain HTTP. @throws AppError `relay.config-invalid`
 */
export function resolveTls(config: RelayConfig, env: Env, configPath: string): TlsFiles | undefined {
  const { tls = {} } = config.relay ?? {}
  const pick = (name: string, configured: string | undefined): string | undefined => {
    const given = env[name]?.trim()
    if (given !== undefined && given !== '') return resolve(given)
    return configured === undefined ? undefined : resolve(dirname(configPath), configured)
  }
  const cert = pick('RELAY_TLS_CERT', tls.cert)
  const key = pick('RELAY_TLS_KEY', tls.key)
  const clientCa = pick('RELAY_TLS_CLIENT_CA', tls.client_ca)
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa }
  const missing = [cert === undefined ? 'a certificate' : '', key === undefined ? 'its key' : '']
  throw new AppError('relay.config-invalid', `TLS lacks ${missing.filter(Boolean).join(' and ')}.`, {
    remedy: 'Set relay.tls.cert and relay.tls.key in config.json, or RELAY_TLS_CERT and RELAY_TLS_KEY.',
  })
}
