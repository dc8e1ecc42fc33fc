import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors/app-error.ts'
import type { LinkState } from '../../shared/state/link.ts'
import type { SshLink } from '../ssh/link.ts'
import { type RelayConnector, whenUp } from './relay-connector.ts'

export interface SshRelayOptions {
  readonly link: SshLink
  /** Name of the SSH host. */
  readonly host: string
  /** The relay's port on that host's loopback. */
  readonly port: number
  /** Absolute path there; asked for with a command where it is not configured. */
  readonly adminSocket: string | undefined
}

/** Prints where a relay of the logged-in user keeps its admin socket (the same rule as relay-paths.ts). */
const FIND_ADMIN_SOCKET =
  'd="$SOVEREIGN_DATA_DIR"; [ -n "$d" ] || d="$' +
  '{XDG_DATA_HOME:-$HOME/.local/share}/sovereign/relay"; printf %s "$d/admin.sock"'

/** A relay on a host that is reached by SSH. */
export class SshRelay implements RelayConnector {
  readonly kind = 'ssh'
  readonly place: string
  private readonly options: SshRelayOptions
  private adminSocket: string | undefined

  constructor(options: SshRelayOptions) {
    this.options = options
    this.place = `${options.host}:${options.port}`
    this.adminSocket = options.adminSocket
  }

  /** The connection itself, for what else there is to be asked on that host. */
  get ssh(): SshLink {
    return this.options.link
  }

  get link(): LinkState {
    return this.options.link.state
  }

  onLink(listener: (link: LinkState) => void): () => void {
    return this.options.link.onState(listener)
  }

  start(): void {
    this.options.link.start()
  }

  retryNow(): void {
    this.options.link.retryNow()
  }

  probe(): void {
    this.options.link.probe()
  }

  async open(signal: AbortSignal): Promise<Duplex> {
    const { link, port } = this.options
    // The usual case costs no turn of the event loop.
    if (link.state.phase !== 'connected') await whenUp(this, signal)
    try {
      return await link.openChannel({ host: '127.0.0.1', port }, signal)
    } catch (error) {
      if (error instanceof AppError && error.code === 'ssh.forward-target-refused')
        throw this.nothingListens(error)
      throw error
    }
  }

  async openAdmin(signal: AbortSignal): Promise<Duplex> {
    const { link } = this.options
    if (link.state.phase !== 'connected') await whenUp(this, signal)
    this.adminSocket ??= await this.findAdminSocket(signal)
    return link.openChannel({ socketPath: this.adminSocket }, signal)
  }

  drain(): void {
    // Only bytes are seen here, and whether more will follow they do not say.
  }

  close(drainMs: number): Promise<void> {
    return this.options.link.close(drainMs)
  }

  private nothingListens(cause: AppError): AppError {
    const { host, port } = this.options
    return new AppError(
      'relay.unreachable',
      `${host} is connected, but no relay answers on its port ${port}.`,
      {
        cause,
      },
    )
  }

  private async findAdminSocket(signal: AbortSignal): Promise<string> {
    const { exitCode, stdout } = await this.options.link.exec(FIND_ADMIN_SOCKET, { signal })
    if (exitCode === 0 && stdout.startsWith('/')) return stdout
    throw new AppError(
      'relay.unreachable',
      `${this.options.host} did not say where the relay's admin socket is.`,
      {
        remedy: 'Set "adminSocket" of the relay in the settings to the absolute path of admin.sock.',
      },
    )
  }
}
