import { type AppError, toAppError } from '../../shared/errors/app-error.ts'
import {
  readTlsIdentity,
  readTlsTrust,
  type TlsEnd,
  type TlsIdentity,
  type TlsMaterial,
  type TlsSources,
  type TlsTrust,
  tlsMaterialOf,
} from './tls-material.ts'

interface Kept<Part> {
  /** The sources that it was read from. */
  readonly from: string
  readonly part: Part
}

/**
 * What the files of one end say, read again and again. What it shows of itself and whom it believes are read apart: where
 * one of them cannot be used, the old one of the same files stays, and the other counts nevertheless. So a revocation is
 * not missed because a key has the wrong mode.
 */
export class TlsFiles {
  private readonly end: TlsEnd
  private identity: Kept<TlsIdentity> | undefined
  private trust: Kept<TlsTrust> | undefined

  constructor(end: TlsEnd) {
    this.end = end
  }

  /**
   * @param onUnusable hears of each part whose old one stays.
   * @throws AppError `certs.*` where there is no old one, or it has ended.
   */
  async read(sources: TlsSources, now: number, onUnusable: (error: AppError) => void): Promise<TlsMaterial> {
    const trust = await this.readTrust(sources, onUnusable)
    const identity = await this.readIdentity(sources, now, onUnusable)
    let believed = trust
    let material: TlsMaterial
    try {
      material = tlsMaterialOf(identity.part, trust.part)
    } catch (error) {
      if (this.trust?.from !== trust.from) throw error
      onUnusable(toAppError(error))
      believed = this.trust
      material = tlsMaterialOf(identity.part, believed.part)
    }
    this.identity = identity
    this.trust = believed
    return material
  }

  private async readTrust(
    { ca, crl }: TlsSources,
    onUnusable: (error: AppError) => void,
  ): Promise<Kept<TlsTrust>> {
    const from = JSON.stringify([ca, crl])
    try {
      return { from, part: await readTlsTrust({ ca, crl }, this.end) }
    } catch (error) {
      if (this.trust?.from !== from) throw error
      onUnusable(toAppError(error))
      return this.trust
    }
  }

  private async readIdentity(
    { cert, key }: TlsSources,
    now: number,
    onUnusable: (error: AppError) => void,
  ): Promise<Kept<TlsIdentity>> {
    const from = JSON.stringify([cert, key])
    try {
      return { from, part: await readTlsIdentity({ cert, key }, now, this.end) }
    } catch (error) {
      if (this.identity?.from !== from || this.identity.part.expiresAt <= now) throw error
      onUnusable(toAppError(error))
      return this.identity
    }
  }
}
