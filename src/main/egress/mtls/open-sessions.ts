import type { X509Certificate } from 'node:crypto'
import { isStillTrusted } from '../../../node/tunnel/still-trusted.ts'
import type { TlsTrust } from '../../../node/tunnel/tls-material.ts'
import { TrustWatch, type TrustWatchOptions } from './trust-watch.ts'
import type { TunnelSession } from './tunnel-session.ts'

/**
 * The connections to tunnel servers that have not ended: the one in use and those that keep their last streams. While
 * there is one, the files of the agent are watched, and whoever they no longer trust is cut.
 */
export class OpenSessions {
  private readonly options: Omit<TrustWatchOptions, 'onTrust'>
  private readonly sessions = new Map<TunnelSession, X509Certificate | undefined>()
  private watch: TrustWatch | undefined

  constructor(options: Omit<TrustWatchOptions, 'onTrust'>) {
    this.options = options
  }

  /** @param certificate what the server has shown. */
  add(session: TunnelSession, certificate: X509Certificate | undefined): void {
    this.watch ??= new TrustWatch({ ...this.options, onTrust: (trust) => this.applyTrust(trust) })
    this.sessions.set(session, certificate)
    void session.ended.then(() => {
      this.sessions.delete(session)
      if (this.sessions.size > 0) return
      this.watch?.close()
      this.watch = undefined
    })
  }

  /** Cuts what there is now and has not ended by then. */
  cutWithin(ms: number): void {
    for (const session of this.sessions.keys()) {
      const timer = setTimeout(() => session.destroy(), ms)
      void session.ended.then(() => clearTimeout(timer))
    }
  }

  /** Cuts all. Resolves when they have ended. */
  async close(): Promise<void> {
    const sessions = [...this.sessions.keys()]
    for (const session of sessions) session.destroy()
    await Promise.all(sessions.map(({ ended }) => ended))
  }

  private applyTrust(trust: TlsTrust): void {
    for (const [session, certificate] of this.sessions)
      if (certificate !== undefined && !isStillTrusted(certificate, trust)) session.distrust()
  }
}
