import { AppError } from '../../../shared/errors/app-error.ts'
import type { ConfigFile } from '../../config/config-file.ts'
import type { OllamaConfig } from '../../config/ollama-schema.ts'
import { type OllamaSettings, ollamaSettings } from '../../config/ollama-settings.ts'
import type { OfferedOllama } from '../../relay-contract.ts'
import { type OllamaDependencies, OllamaUpstream } from './ollama-upstream.ts'

/** The place for the one Ollama of the relay. Requests under way go on as they began, whatever changes. */
export class OllamaSlot {
  private readonly configFile: ConfigFile
  private readonly deps: OllamaDependencies
  /** Named by the owner of the relay. */
  private own: OllamaUpstream | undefined
  /** Named by the program that the relay runs in. */
  private offered: OllamaUpstream | undefined

  constructor(settings: OllamaSettings | undefined, configFile: ConfigFile, deps: OllamaDependencies) {
    this.configFile = configFile
    this.deps = deps
    this.own = settings && new OllamaUpstream(settings, deps)
  }

  /** Counts where the owner has named none. */
  offer(config: OfferedOllama | undefined): void {
    if (config?.url === this.offered?.settings.url) return
    this.offered =
      config && new OllamaUpstream(ollamaSettings({ url: config.url, local_only: true }), this.deps)
  }

  all(): readonly OllamaUpstream[] {
    const current = this.own ?? this.offered
    return current === undefined ? [] : [current]
  }

  /** @throws AppError `ollama.not-configured` */
  get(): OllamaUpstream {
    const [current] = this.all()
    if (current !== undefined) return current
    throw noOllama()
  }

  /** Holds at once, and is saved. */
  async use(config: OllamaConfig): Promise<void> {
    this.own = new OllamaUpstream(ollamaSettings(config), this.deps)
    this.deps.log.info({ upstream: 'ollama' }, 'Ollama set')
    await this.configFile.setAt(['ollama'], config)
  }

  /** @throws AppError `ollama.not-configured`, `relay.provider-needed` */
  async forget(): Promise<void> {
    if (this.own === undefined) throw noOllama()
    if (this.deps.settings.routing.defaultUpstream === 'ollama')
      throw new AppError('relay.provider-needed', 'Models without a prefix go to ollama.')
    this.own = undefined
    this.deps.log.info({ upstream: 'ollama' }, 'Ollama forgotten')
    await this.configFile.setAt(['ollama'], undefined)
  }
}

function noOllama(): AppError {
  return new AppError('ollama.not-configured', 'The relay knows no Ollama.')
}
