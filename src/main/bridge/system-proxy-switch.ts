import type { OwnListener } from '../../node/address-policy/own-listener.ts'
import type { Logger } from '../../node/log.ts'
import { toAppError, toFailure } from '../../shared/errors/app-error.ts'
import type { SystemProxyState } from '../../shared/state/egress.ts'
import type { SystemProxy } from '../system-proxy/system-proxy.ts'

export interface SystemProxySwitchOptions {
  readonly systemProxy: SystemProxy
  readonly bypass: readonly string[]
  readonly log: Logger
  readonly onChange: () => void
}

/** Leads the programs of the system here while there is something for them, and tells how that went. */
export class SystemProxySwitch {
  /** Missing while the proxy of the system is left alone. */
  state: SystemProxyState | undefined
  private readonly options: SystemProxySwitchOptions

  constructor(options: SystemProxySwitchOptions) {
    this.options = options
  }

  async enter({ address, port }: OwnListener): Promise<void> {
    const { bypass, systemProxy } = this.options
    await this.try(async () => {
      await systemProxy.set({ host: address, port, bypass })
      this.show({ kind: 'set' })
    })
  }

  /** Puts back what was there before. */
  async leave(): Promise<void> {
    await this.try(async () => {
      const { left } = await this.options.systemProxy.restore()
      if (left.length > 0) this.options.log.info({ left }, 'somebody else changed the proxy of the system')
      this.show(undefined)
    })
  }

  private async try(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const failure = toAppError(error)
      this.options.log.warn({ code: failure.code }, failure.message)
      this.show({ kind: 'failed', cause: toFailure(failure) })
    }
  }

  private show(state: SystemProxyState | undefined): void {
    this.state = state
    this.options.onChange()
  }
}
