import { AppError } from '../../../shared/errors/app-error.ts'
import type { ConfigFile } from '../../config/config-file.ts'
import type { Env } from '../../config/relay-settings.ts'

const PLACEHOLDER = /your|example|placeholder|change.?me|xxx|\.\.\.|<|>/i

/** The OpenRouter key: from OPENROUTER_API_KEY, else config.json. */
export class OpenrouterKey {
  private readonly configFile: ConfigFile
  private readonly fromEnv: string | undefined

  constructor(configFile: ConfigFile, env: Env) {
    this.configFile = configFile
    this.fromEnv = env.OPENROUTER_API_KEY?.trim() || undefined
  }

  /** Why there is no usable key. */
  get problem(): AppError | undefined {
    const key = this.current
    if (key === undefined) return new AppError('relay.signed-out', 'The relay has no OpenRouter key.')
    return problemOf(key)
  }

  /** @throws AppError `relay.signed-out`, `relay.key-placeholder` */
  get(): string {
    const key = this.current
    const { problem } = this
    if (key === undefined || problem !== undefined)
      throw problem ?? new AppError('relay.signed-out', 'The relay has no OpenRouter key.')
    return key
  }

  async set(key: string | undefined): Promise<void> {
    if (key !== undefined) checkOpenrouterKey(key)
    await this.configFile.set({ openrouter_api_key: key })
  }

  private get current(): string | undefined {
    return this.fromEnv ?? (this.configFile.config.openrouter_api_key?.trim() || undefined)
  }
}

/** @throws AppError `relay.key-placeholder`, `relay.token-unusable` for what is no key at first sight. */
export function checkOpenrouterKey(key: string): void {
  const problem = problemOf(key)
  if (problem !== undefined) throw problem
  if (!/^sk-or-[\w-]{8,}$/.test(key)) throw new AppError('relay.token-unusable', 'This is no OpenRouter key.')
}

function problemOf(key: string): AppError | undefined {
  return PLACEHOLDER.test(key) || /\s/.test(key)
    ? new AppError('relay.key-placeholder', 'The OpenRouter key is a placeholder, not a key.')
    : undefined
}
