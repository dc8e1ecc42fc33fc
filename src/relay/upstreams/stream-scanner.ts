import type { AppError } from '../../shared/errors/app-error.ts'

/** What the last event of a stream said; `undefined` while there was no last event. */
export type Ending = 'completed' | 'failed' | undefined

/** Watches a stream go by without holding it. */
export interface StreamScanner {
  /** Something may be put in here. */
  readonly isBetweenEvents: boolean
  readonly ending: Ending
  /** Means nothing to the client and shows whether the connection is alive; undefined where nothing may be put in. */
  readonly heartbeat: string | undefined
  /** @returns true when the chunk held anything but comments. */
  push(chunk: Buffer): boolean
  /** Tells the client within the stream that it has failed. */
  failure(error: AppError): string
}
