import type { Duplex } from 'node:stream'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { EgressTarget } from '../egress.ts'

/** One connection to the tunnel server, whichever format it speaks. */
export interface TunnelSession {
  /** Takes new streams: it is neither closed nor about to be. */
  readonly isUsable: boolean
  /** @throws AppError; `NotProcessed` when the server has not looked at it. */
  open(target: EgressTarget, signal: AbortSignal): Promise<Duplex>
  /** Resolves when it takes no new streams any more, with the reason. */
  readonly retired: Promise<AppError>
  /** Resolves when it is closed. */
  readonly ended: Promise<void>
  /** In milliseconds, or undefined where the peer answers no pings. */
  roundTrip(): Promise<number | undefined>
  /** Ends it when its streams have ended. Idempotent. */
  drain(): void
  /** Fails all streams. Idempotent. */
  destroy(): void
  /** The same, and says that the certificate of the server is no longer trusted. */
  distrust(): void
}

/** The server is certain not to have acted on the request (RFC 9113 §8.7), so that it may be sent again. */
export class NotProcessed extends Error {
  override readonly name = 'NotProcessed'
  override readonly cause: AppError

  constructor(cause: AppError) {
    super(cause.message, { cause })
    this.cause = cause
  }
}

export function distrusted(place: string): AppError {
  return new AppError(
    'tunnel.down',
    `The certificate of ${place} is no longer trusted, by files that changed.`,
  )
}

/** How long the server has for an answer; it gives hosts 10 s itself. */
export const OPEN_MS = 20_000
/** For the first message of the server after the handshake. */
export const GREETING_MS = 10_000

/** `host:port`, with brackets where they are needed. */
export function placeOf({ host, port }: EgressTarget): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}

/** Rejects with what the signal says, and calls the work off. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal, callOff: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason)
      callOff()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    if (signal.aborted) onAbort()
  })
}
