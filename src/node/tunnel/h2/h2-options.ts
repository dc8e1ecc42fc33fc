import type { TLSSocket } from 'node:tls'
import type { AppError } from '../../../shared/errors/app-error.ts'
import type { Headers } from './header-fields.ts'
import type { OwnSettings } from './own-settings.ts'
import type { Reads } from './read-buffers.ts'
import type { H2Stream } from './stream.ts'

export interface H2Options extends OwnSettings {
  readonly socket: TLSSocket
  /** What comes on the socket; its `data` unless told. */
  readonly buffers?: Reads
  /** In milliseconds, of any beginning. */
  readonly now?: () => number
  readonly settingsTimeoutMs?: number
  /** Why streams go down with the connection. */
  readonly lost: () => AppError
  readonly onStream?: (stream: H2Stream, headers: Headers) => void
  readonly onSettings?: () => void
  readonly onGoaway?: (words: Buffer) => void
  readonly onError?: (error: Error) => void
  readonly onClosed: () => void
}
