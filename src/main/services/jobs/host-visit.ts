import { AppError } from '../../../shared/errors/app-error.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { resolveHost } from '../../ssh/config/resolve-host.ts'
import type { SshLink } from '../../ssh/link.ts'
import { reached } from '../../ssh/reached.ts'
import type { PlannedStep } from './job-plan.ts'

/** One connection to a host for the time of a job. It is tried once: whoever waits wants to know what is wrong. */
export class HostVisit {
  /** An alias of the SSH config, or user@host:port; also how people call the host. */
  readonly place: string
  private readonly core: BridgeCore
  private opened: SshLink | undefined

  constructor(core: BridgeCore, place: string) {
    this.core = core
    this.place = place
  }

  /** Only after the steps have been done. */
  get link(): SshLink {
    if (this.opened !== undefined) return this.opened
    throw new AppError('ssh.not-connected', `There is no connection to ${this.place}.`)
  }

  steps(): PlannedStep[] {
    const { place } = this
    return [
      { id: 'resolve', title: `Find ${place} in the SSH configuration`, run: () => this.resolve() },
      { id: 'connect', title: `Reach ${place}`, run: ({ signal }) => this.connect(signal) },
      { id: 'log-in', title: `Log in to ${place}`, run: ({ signal }) => this.logIn(signal) },
    ]
  }

  async close(): Promise<void> {
    await this.opened?.close()
  }

  private async resolve(): Promise<string> {
    const { hostName, jumps, port, user } = await resolveHost({ alias: this.place }, this.core.ssh)
    const way = jumps.map(({ displayName }) => displayName)
    return `${user}@${hostName}:${port}${way.length === 0 ? '' : `, by way of ${way.join(' and ')}`}`
  }

  private async connect(signal: AbortSignal): Promise<undefined> {
    this.opened = this.core.createLink({ alias: this.place })
    this.opened.start()
    // The key of the host is checked before the login, so a question about it belongs to this step.
    await reached(
      this.opened,
      signal,
      (state) => state.phase === 'connecting' && state.step === 'authenticating',
    )
  }

  private async logIn(signal: AbortSignal): Promise<string | undefined> {
    const state = await reached(this.link, signal, ({ phase }) => phase === 'connected')
    if (state.phase !== 'connected' || state.roundTripMs === undefined) return undefined
    return `Answers within ${Math.max(1, Math.round(state.roundTripMs))} ms.`
  }
}
