import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { Profile, Settings } from '../../shared/settings/schema.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import type { ResolveOptions } from '../ssh/config/resolve-host.ts'
import type { SshLink, SshTarget } from '../ssh/link.ts'
import type { RelayConnector } from './relay-connector.ts'

/** What the services around a bridge see of it and may change in it. */
export interface BridgeCore {
  readonly state: BridgeState
  readonly settings: Settings
  readonly profile: Profile
  readonly ssh: ResolveOptions
  readonly ambient: Ambient
  readonly log: Logger
  /** Whether a face is attached that shows what is published. */
  readonly isWatched: boolean
  update(change: Partial<Pick<BridgeState, 'jobs' | 'ollama' | 'vpn'>>): void
  /** @returns the unsubscribe function. */
  onState(listener: (state: BridgeState) => void): () => void
  /** @returns the unsubscribe function. */
  onSettings(listener: () => void): () => void
  /** Connections that the settings do not touch stay up, with everything that crosses them. */
  applySettings(settings: Settings): Promise<void>
  /** @throws AppError `bridge.disconnected` */
  relay(): RelayConnector
  /** The relay may have changed what it says of itself: ask it now. */
  askRelayHealth(): void
  /** @throws AppError `bridge.disconnected`, `api.not-found`, `ssh.not-connected` */
  clientLink(name: string): SshLink
  /** A further connection; its questions go where those of all others go. */
  createLink(target: SshTarget): SshLink
}
