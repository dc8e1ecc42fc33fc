import { AppError } from '../../../shared/errors/app-error.ts'
import type { ConfigFile } from '../../config/config-file.ts'
import type { OllamaConfig } from '../../config/ollama-schema.ts'
import { type OllamaSettings, ollamaSettings } from '../../config/ollama-settings.ts'
import { type OllamaDependencies, OllamaUpstream } from './ollama-upstream.ts'

/** The place for the one Ollama of the relay; changes hold at once and are saved. */
export class OllamaSlot {
  private readonly configFile: ConfigFile
  private readonly deps: OllamaDependencies
  private current: OllamaUpstream | undefined

  constructor(settings: OllamaSettings | undefined, configFile: ConfigFile, deps: OllamaDependencies) {
    this.configFile = configFile
    this.deps = deps
    this.current = settings && new OllamaUpstream(settings, deps)
  }

  all(): readonly OllamaUpstream[] {
    return this.current === undefined ? [] : [this.current]
  }

  /** @throws AppError `ollama.not-configured` */
  get(): OllamaUpstream {
    if (this.current !== undefined) return this.current
    throw new AppError('ollama.not-configured', 'The relay knows no Ollama.')
  }

  /** Requests under way go on as they began. */
  async use(config: OllamaConfig): Promise<void> {
    this.current = new OllamaUpstream(ollamaSettings(config), this.deps)
    this.deps.log.info({ upstream: 'ollama' }, 'Ollama set')
    await this.configFile.setAt(['ollama'], config)
  }

  /** @throws AppError `ollama.not-configured`, `relay.provider-needed` */
  async forget(): Promise<void> {
    this.get()
    if (this.deps.settings.routing.defaultUpstream === 'ollama')
      throw new AppError('relay.provider-needed', 'Models without a prefix go to ollama.')
    this.current = undefined
    this.deps.log.info({ upstream: 'ollama' }, 'Ollama forgotten')
    await this.configFile.setAt(['ollama'], undefined)
  }
}
