import { AppError } from '../../../shared/errors/app-error.ts'
import type { ConfigFile } from '../../config/config-file.ts'
import type { ProviderConfig } from '../../config/provider-schema.ts'
import { type ProviderDependencies, ProviderUpstream } from './provider-upstream.ts'

/** The OpenAI-compatible upstreams of config.json; changes hold at once and are saved. */
export class Providers {
  private readonly configFile: ConfigFile
  private readonly deps: ProviderDependencies
  private readonly byName: Map<string, ProviderUpstream>

  constructor(configFile: ConfigFile, deps: ProviderDependencies) {
    this.configFile = configFile
    this.deps = deps
    this.byName = new Map(
      Object.entries(configFile.config.providers ?? {}).map(([name, config]) => [
        name,
        new ProviderUpstream(name, config, deps),
      ]),
    )
  }

  all(): readonly ProviderUpstream[] {
    return [...this.byName.values()]
  }

  /** @throws AppError `relay.provider-unknown` */
  get(name: string): ProviderUpstream {
    const found = this.byName.get(name)
    if (found !== undefined) return found
    const names = [...this.byName.keys()].join(', ') || 'none'
    throw new AppError(
      'relay.provider-unknown',
      `There is no provider "${name.slice(0, 40)}"; known: ${names}.`,
    )
  }

  /**
   * Adds a provider, or puts it in the place of the one of that name. Requests under way go on as they began.
   *
   * @throws AppError `relay.provider-invalid` where headers would be lost, which nobody can be shown.
   */
  async put(name: string, config: ProviderConfig): Promise<ProviderUpstream> {
    const before = Object.keys(this.byName.get(name)?.config.headers ?? {})
    if (before.length > 0 && config.headers === undefined)
      throw new AppError('relay.provider-invalid', `${name} has headers of its own: ${before.join(', ')}.`, {
        remedy: `Change it in config.json and start the relay again, or remove ${name} and its headers first.`,
      })
    const provider = new ProviderUpstream(name, config, this.deps)
    this.byName.set(name, provider)
    this.deps.log.info({ provider: name }, 'provider set')
    await this.configFile.setAt(['providers', name], config)
    return provider
  }

  /** @throws AppError `relay.provider-unknown`, `relay.provider-needed` */
  async remove(name: string): Promise<void> {
    const { id } = this.get(name)
    if (this.deps.settings.routing.defaultUpstream === id)
      throw new AppError('relay.provider-needed', `Models without a prefix go to ${id}.`)
    this.byName.delete(id)
    this.deps.log.info({ provider: id }, 'provider removed')
    await this.configFile.setAt(['providers', id], undefined)
  }
}
