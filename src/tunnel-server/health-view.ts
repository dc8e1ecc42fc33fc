import type { Ambient } from '../node/ambient.ts'
import type { Meters } from './meters.ts'

/** What the server tells of itself without being asked who is asking. */
export interface HealthView {
  readonly meters: Meters
  readonly ambient: Pick<Ambient, 'now'>
  readonly maxConnections: number
  readonly isDraining: () => boolean
  /** Milliseconds since the Unix epoch; of the certificate of the server. */
  readonly certificateExpiresAt: () => number
}
