import type { Chromium } from './chromium.ts'
import type { RecordedDesktop } from './record-desktop.ts'

export interface DriverRequest {
  readonly id: number
  readonly name: keyof RecordedDesktop
  readonly args: readonly unknown[]
}

export type DriverMessage =
  | { readonly kind: 'chromium'; readonly address: string; readonly pid: number }
  | { readonly kind: 'answer'; readonly id: number; readonly result?: unknown; readonly error?: string }

/** Lets the process that started this one see the desktop and act on it. */
export function answerDriver(desktop: RecordedDesktop): void {
  const say = (message: DriverMessage): void => {
    if (process.connected) process.send?.(message)
  }
  process.on('stand-in-chromium' as never, ({ address, pid }: Chromium) =>
    say({ kind: 'chromium', address, pid }),
  )
  process.on('message', ({ id, name, args }: DriverRequest) => {
    try {
      const act = desktop[name] as (...values: readonly unknown[]) => unknown
      say({ kind: 'answer', id, result: act(...args) })
    } catch (error) {
      say({ kind: 'answer', id, error: String(error) })
    }
  })
}
