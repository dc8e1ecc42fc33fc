import type { X509Certificate } from 'node:crypto'
import { isStillTrusted } from '../../../node/tunnel/still-trusted.ts'
import type { TlsMaterial, TlsSources } from '../../../node/tunnel/tls-material.ts'
import type { AgentMaterial } from './agent-material.ts'
import type { TunnelSession } from './tunnel-session.ts'

/**
 * The connections to tunnel servers that have not ended: the one in use and those that keep their last streams. While
 * there is one, the files of the agent are watched, and whoever they no longer trust is cut.
 */
export class OpenSessions {
  private readonly material: AgentMaterial
  private readonly tls: () => TlsSources
  private readonly sessions = new Map<TunnelSession, X509Certificate | undefined>()
  private endWatch: () => void = () => undefined

  /** @param tls the files that count at the moment. */
  constructor(material: AgentMaterial, tls: () => TlsSources) {
    this.material = material
    this.tls = tls
  }

  /** @param certificate what the server has shown. */
  add(session: TunnelSession, certificate: X509Certificate | undefined): void {
    if (this.sessions.size === 0)
      this.endWatch = this.material.watch(this.tls, (material) => this.applyTrust(material))
    this.sessions.set(session, certificate)
    void session.ended.then(() => {
      this.sessions.delete(session)
      if (this.sessions.size === 0) this.endWatch()
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

  private applyTrust(material: TlsMaterial): void {
    for (const [session, certificate] of this.sessions)
      if (certificate !== undefined && !isStillTrusted(certificate, material)) session.distrust()
  }
}
