import type { BridgeConnection } from '../../shared/bridge-api/connect-api.ts'
import type { AppError } from '../../shared/errors/app-error.ts'

/** How this page reaches the bridge. */
export interface Transport {
  readonly kind: 'desktop' | 'socket'
  /** Opens one connection; whether it works shows with the first call. Never throws. */
  readonly open: () => BridgeConnection
  /** Why the last connection ended, where more can be found out than that it did. Never rejects. */
  readonly reason: () => Promise<AppError | undefined>
}
