/** One address that was tried in vain. */
export interface Attempt {
  readonly address: string
  /** An errno such as `ECONNREFUSED`. */
  readonly code: string
}

/** No connection came about; nothing is said yet about why. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure'
  readonly attempts: readonly Attempt[]

  constructor(attempts: readonly Attempt[], cause?: unknown) {
    super(attempts.map(({ address, code }) => `${address}: ${code}`).join(', '), { cause })
    this.attempts = attempts
  }

  /** What the last address said, which is the one that counts where all were tried. */
  get code(): string {
    return this.attempts.at(-1)?.code ?? 'ENOTFOUND'
  }
}
