import type { Ambient } from '../../../node/ambient.ts'
import type { Logger } from '../../../node/log.ts'
import { EndWarner } from '../../../node/pki/end-warner.ts'
import { TlsFiles } from '../../../node/tunnel/tls-files.ts'
import { AGENT_END, type TlsMaterial, type TlsSources } from '../../../node/tunnel/tls-material.ts'

const RENEW = 'Renew it with "sovereign certs renew" where the certificate authority is, and bring it here.'

export interface AgentMaterialOptions {
  readonly ambient: Pick<Ambient, 'now'>
  readonly log: Logger
  /** When the certificate of this agent ends, in milliseconds since the Unix epoch; once for each other one. */
  readonly onEnd?: ((endsAt: number) => void) | undefined
}

/** What this agent shows of itself and whom it believes, as its files say. */
export class AgentMaterial {
  private readonly options: AgentMaterialOptions
  private readonly endWarner: EndWarner
  private readonly files = new TlsFiles(AGENT_END)
  private expiresAt: number | undefined

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
    const material = await this.files.read(tls, ambient.now(), ({ message, remedy }) =>
      log.warn({ remedy }, `what is new cannot be used, the old stays: ${message}`),
    )
    const { expiresAt } = material
    if (this.expiresAt !== expiresAt) onEnd?.(expiresAt)
    this.expiresAt = expiresAt
    this.warnOfEnd()
    return material
  }

  /** Cheap enough for every stream. */
  warnOfEnd(): void {
    if (this.expiresAt !== undefined) this.endWarner.look(this.expiresAt, this.options.ambient.now())
  }
}
