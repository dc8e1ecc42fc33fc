import type { Logger } from '../../../node/log.ts'
import { fileTimes } from '../../../node/tunnel/file-times.ts'
import { readTlsTrust, type TlsSources, type TlsTrust } from '../../../node/tunnel/tls-material.ts'
import { toAppError } from '../../../shared/errors/app-error.ts'

const LOOK_MS = 2_500

export interface TrustWatchOptions {
  /** The files that count at the moment. */
  readonly tls: () => TlsSources
  /** Gets whom they name, once at the beginning and after each change. */
  readonly onTrust: (trust: TlsTrust) => void
  readonly log: Logger
  readonly lookMs?: number | undefined
}

/**
 * Looks from time to time whom the files of an agent tell it to believe. What it shows of itself plays no part in that, and
 * may be missing or have ended. Owns its timer.
 */
export class TrustWatch {
  private readonly options: TrustWatchOptions
  private readonly timer: NodeJS.Timeout
  /** Of the files at the first and at the last look, when they were read, and when that failed. */
  private first: string | undefined
  private last: string | undefined
  private read: string | undefined
  private failed: string | undefined
  private isClosed = false

  constructor(options: TrustWatchOptions) {
    this.options = options
    void this.look()
    this.timer = setInterval(() => void this.look(), options.lookMs ?? LOOK_MS)
    this.timer.unref()
  }

  /** Idempotent. */
  close(): void {
    this.isClosed = true
    clearInterval(this.timer)
  }

  private async look(): Promise<void> {
    const { ca, crl } = this.options.tls()
    const times = JSON.stringify([ca, crl, await fileTimes([ca, crl])])
    // Only what stays for two looks: several files are not written at once.
    const isSettled = times === this.last
    this.first ??= times
    this.last = times
    if (isSettled && times !== this.read && !this.isClosed) await this.readTrust({ ca, crl }, times)
  }

  private async readTrust(sources: Pick<TlsSources, 'ca' | 'crl'>, times: string): Promise<void> {
    const { log, onTrust } = this.options
    try {
      const trust = await trustOf(sources)
      if (this.isClosed) return
      this.read = times
      if (times !== this.first) log.info('whom the tunnel trusts was read again')
      onTrust(trust)
    } catch (error) {
      if (this.failed === times || this.isClosed) return
      this.failed = times
      const { message, remedy } = toAppError(error)
      log.warn({ remedy }, `whom the tunnel trusts cannot be read again: ${message}`)
    }
  }
}

/** With the authorities alone where the list is not one of theirs; nobody connects with that list, either. */
async function trustOf({ ca, crl }: Pick<TlsSources, 'ca' | 'crl'>): Promise<TlsTrust> {
  try {
    return await readTlsTrust({ ca, crl })
  } catch (error) {
    if (crl === undefined) throw error
    return await readTlsTrust({ ca })
  }
}
