import type { Page } from 'playwright-core'
import type { RecordedDesktop } from './record-desktop.ts'

export interface DesktopProcessOptions {
  /** Holds package.json and dist. */
  readonly app: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

type Answer<Name extends keyof RecordedDesktop> = ReturnType<RecordedDesktop[Name]>

/** The running app, on the stand-in or on Electron itself. */
export interface DesktopProcess {
  readonly pid: number
  /** Exit code; null when a signal has ended it. */
  readonly exited: Promise<number | null>
  /** What it has written to standard error so far. */
  log(): string
  ask<Name extends keyof RecordedDesktop>(
    name: Name,
    ...args: Parameters<RecordedDesktop[Name]>
  ): Promise<Answer<Name>>
  pages(): Promise<Page[]>
  kill(): void
  /** Lets go of the process, which has to be over. */
  close(): Promise<void>
}
