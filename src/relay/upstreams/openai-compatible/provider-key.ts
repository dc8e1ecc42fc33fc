import { readFileSync, statSync } from 'node:fs'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { ProviderConfig } from '../../config/provider-schema.ts'
import type { Env } from '../../config/relay-settings.ts'

const KEY_MAX_BYTES = 16_384

/** The key of a provider from wherever its configuration says; `undefined` where it needs none. */
export class ProviderKey {
  private readonly name: string
  private readonly config: ProviderConfig
  private readonly env: Env

  constructor(name: string, config: ProviderConfig, env: Env) {
    this.name = name
    this.config = config
    this.env = env
  }

  /** In words, without the key. */
  get source(): string {
    const { api_key, api_key_env, api_key_file } = this.config
    if (api_key !== undefined) return 'config.json'
    if (api_key_env !== undefined) return `variable ${api_key_env}`
    return api_key_file === undefined ? 'none' : `file ${api_key_file}`
  }

  get problem(): AppError | undefined {
    try {
      this.get()
      return undefined
    } catch (error) {
      return error instanceof AppError ? error : this.missing('it cannot be read')
    }
  }

  /** @throws AppError `relay.provider-key-missing` */
  get(): string | undefined {
    const { api_key, api_key_env, api_key_file } = this.config
    if (api_key !== undefined) return api_key
    if (api_key_env !== undefined) return this.checked(this.variable(api_key_env))
    return api_key_file === undefined ? undefined : this.checked(this.readKeyFile(api_key_file))
  }

  /** Also the environment has a prototype, with a `constructor`. */
  private variable(name: string): string | undefined {
    return Object.hasOwn(this.env, name) ? this.env[name] : undefined
  }

  private checked(text: string | undefined): string {
    const key = text?.trim() ?? ''
    if (key === '') throw this.missing('there is nothing')
    if (!/^[\x21-\x7e]+$/.test(key)) throw this.missing('what is there is no key')
    return key
  }

  private readKeyFile(path: string): string {
    try {
      const { size } = statSync(path)
      // A device or a pipe would hold up the whole relay, and has no size.
      if (size === 0 || size > KEY_MAX_BYTES) return ''
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw this.missing(`it cannot be read: ${String((error as NodeJS.ErrnoException).code)}`)
    }
  }

  private missing(why: string): AppError {
    return new AppError(
      'relay.provider-key-missing',
      `The relay has no key for ${this.name} (${this.source}: ${why}).`,
    )
  }
}
