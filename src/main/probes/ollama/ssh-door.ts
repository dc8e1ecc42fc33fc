import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { SshTargetSettings } from '../../../shared/settings/schema.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { placeOf, targetOf } from '../../bridge/profile.ts'
import { SshRelay } from '../../bridge/ssh-relay.ts'
import type { SshLink } from '../../ssh/link.ts'
import { reached } from '../../ssh/reached.ts'
import { type OllamaWay, through } from './ollama-way.ts'

/**
 * The SSH host from which an Ollama is asked. Uses the connection that the relay or a client has to the same host;
 * where there is none it has one of its own, which it keeps while the bridge is to be connected.
 */
export class SshDoor {
  readonly place: string
  private readonly core: BridgeCore
  private readonly target: SshTargetSettings
  private own: SshLink | undefined

  constructor(core: BridgeCore, target: SshTargetSettings) {
    this.core = core
    this.target = target
    this.place = placeOf(target)
  }

  /**
   * @param retries leaves "failed" behind, because somebody asks and not a clock
   * @throws AppError `ssh.…` that says why there is no connection
   */
  async way(signal: AbortSignal, { retries }: { readonly retries: boolean }): Promise<OllamaWay> {
    const link = this.known() ?? this.ownLink()
    if (retries && link.state.phase === 'failed') link.retryNow()
    await linkUp(link, this.place, signal)
    return through(link, this.place)
  }

  /** After a question: a connection of its own that nobody wants kept. */
  async leave(): Promise<void> {
    if (this.core.state.wanted !== 'connected') await this.close()
  }

  async close(): Promise<void> {
    const { own } = this
    this.own = undefined
    await own?.close()
  }

  private known(): SshLink | undefined {
    const { profile, state } = this.core
    if (state.wanted !== 'connected') return undefined
    if ('ssh' in profile.relay && isDeepStrictEqual(profile.relay.ssh, this.target)) {
      const relay = this.core.relay()
      if (relay instanceof SshRelay) return relay.ssh
    }
    const client = profile.clients.find(
      ({ name, ssh }) => isDeepStrictEqual(ssh, this.target) && this.isEnabled(name),
    )
    return client === undefined ? undefined : this.core.clientLink(client.name)
  }

  private isEnabled(name: string): boolean {
    return this.core.state.clients.some((client) => client.name === name && client.enabled)
  }

  private ownLink(): SshLink {
    if (this.own === undefined) {
      this.own = this.core.createLink(targetOf(this.target))
      this.own.start()
    }
    return this.own
  }
}

async function linkUp(link: SshLink, place: string, signal: AbortSignal): Promise<void> {
  await reached(link, signal, ({ phase }) => phase === 'connected').catch((error: unknown) => {
    throw signal.aborted ? notYet(place) : error
  })
}

function notYet(place: string): AppError {
  return new AppError('ssh.not-connected', `${place}, from where Ollama is asked, is not connected yet.`)
}
