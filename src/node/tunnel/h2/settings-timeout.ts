/** A peer answers within its round trip; much more than any has. */
export const SETTINGS_TIMEOUT_MS = 10_000

/** How long the peer has to acknowledge our settings (RFC 9113 §6.5.3). Its owner closes it. */
export class SettingsTimeout {
  private timer: NodeJS.Timeout | undefined

  constructor(ms: number, onLate: () => void) {
    this.timer = setTimeout(() => {
      this.close()
      onLate()
    }, ms)
  }

  /** Also when they were acknowledged. Idempotent. */
  close(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }
}
