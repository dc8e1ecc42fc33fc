import { isDeepStrictEqual } from 'node:util'
import type { Ambient } from '../../../node/ambient.ts'
import type { Logger } from '../../../node/log.ts'
import { EndWarner } from '../../../node/pki/end-warner.ts'
import { fileTimes } from '../../../node/tunnel/file-times.ts'
import { readTlsMaterial, type TlsMaterial, type TlsSources } from '../../../node/tunnel/tls-material.ts'
import { toAppError } from '../../../shared/errors/app-error.ts'

const LOOK_MS = 5_000
const RENEW = 'Renew it with "sovereign certs renew" where the certificate authority is, and bring it here.'

export interface AgentMaterialOptions {
  readonly ambient: Pick<Ambient, 'now'>
  readonly log: Logger
  /** When the certificate of this agent ends, in milliseconds since the Unix epoch; once for each other one. */
  readonly onEnd?: ((endsAt: number) => void) | undefined
  readonly lookMs?: number | undefined
}

/** What this agent shows of itself and whom it believes, as its files say. */
export class AgentMaterial {
  private readonly options: AgentMaterialOptions
  private readonly endWarner: EndWarner
  private lastGood: { readonly tls: TlsSources; readonly material: TlsMaterial } | undefined
  /** Of the files as they were read last. */
  private seen: string | undefined

  constructor(options: AgentMaterialOptions) {
    this.options = options
    const what = 'the certificate of this agent'
    this.endWarner = new EndWarner({ log: options.log, what, facts: { remedy: RENEW } })
  }

  /**
   * Files may be half written; what was used before and is still good stays then.
   *
   * @throws AppError `certs.*`
   */
  async read(tls: TlsSources): Promise<TlsMaterial> {
    const { ambient, log, onEnd } = this.options
    const { lastGood } = this
    this.seen = await timesOf(tls)
    try {
      const material = await readTlsMaterial(tls, ambient.now())
      this.lastGood = { tls, material }
      if (lastGood?.material.expiresAt !== material.expiresAt) onEnd?.(material.expiresAt)
      this.warnOfEnd()
      return material
    } catch (error) {
      const isOfThese = lastGood !== undefined && isDeepStrictEqual(lastGood.tls, tls)
      if (!isOfThese || lastGood.material.expiresAt <= ambient.now()) throw error
      const { message, remedy } = toAppError(error)
      log.warn({ remedy }, `what is new cannot be used, the old stays: ${message}`)
      return lastGood.material
    }
  }

  /** Cheap enough for every stream. */
  warnOfEnd(): void {
    const { ambient } = this.options
    if (this.lastGood !== undefined) this.endWarner.look(this.lastGood.material.expiresAt, ambient.now())
  }

  /**
   * Looks from time to time whether the files have changed, and reads them then.
   *
   * @param tls are asked for each time. @returns ends it.
   */
  watch(tls: () => TlsSources, onChange: (material: TlsMaterial) => void): () => void {
    let isWatching = true
    const look = async (): Promise<void> => {
      const sources = tls()
      if (this.seen === undefined || (await timesOf(sources)) === this.seen) return
      const material = await this.read(sources)
      if (!isWatching || !isDeepStrictEqual(sources, tls())) return
      this.options.log.info('the certificates of the tunnel were read again')
      onChange(material)
    }
    // What cannot be read is told by whoever needs it.
    const timer = setInterval(() => void look().catch(() => undefined), this.options.lookMs ?? LOOK_MS)
    timer.unref()
    return () => {
      isWatching = false
      clearInterval(timer)
    }
  }
}

function timesOf({ ca, cert, crl, key }: TlsSources): Promise<string> {
  return fileTimes([ca, cert, key, crl])
}
