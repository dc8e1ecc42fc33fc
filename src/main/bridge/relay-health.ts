import type { Ambient } from '../../node/ambient.ts'
import { AppError, toFailure } from '../../shared/errors/app-error.ts'
import { healthSchema } from '../../shared/protocol/relay-auth.ts'
import type { RelayHealth } from '../../shared/state/bridge-state.ts'
import { answeredFailure } from './answered-failure.ts'
import { httpOver } from './http-over.ts'
import type { RelayConnector } from './relay-connector.ts'

const WHEN_OK_MS = 15_000
const WHEN_FAILING_MS = 2_000
const ANSWER_WITHIN_MS = 8_000

/** Asks the relay for its health through the same way that requests take; never costs anything upstream. */
export class RelayHealthMonitor {
  private readonly connector: RelayConnector
  private readonly ambient: Ambient
  private readonly publish: (health: RelayHealth) => void
  private readonly stopped = new AbortController()
  private readonly unsubscribe: () => void
  private timer: NodeJS.Timeout | undefined
  private isAsking = false

  constructor(connector: RelayConnector, ambient: Ambient, publish: (health: RelayHealth) => void) {
    this.connector = connector
    this.ambient = ambient
    this.publish = publish
    this.unsubscribe = connector.onLink((link) => {
      if (link.phase === 'connected') this.askNow()
      else {
        clearTimeout(this.timer)
        this.publish({ kind: 'unknown' })
      }
    })
  }

  /** Does nothing while a question is on its way. */
  askNow(): void {
    clearTimeout(this.timer)
    if (this.isAsking || this.stopped.signal.aborted || this.connector.link.phase !== 'connected') return
    this.isAsking = true
    void this.ask().then((health) => {
      this.isAsking = false
      if (this.stopped.signal.aborted || this.connector.link.phase !== 'connected') return
      this.publish(health)
      this.timer = setTimeout(() => this.askNow(), health.kind === 'ok' ? WHEN_OK_MS : WHEN_FAILING_MS)
    })
  }

  close(): void {
    this.stopped.abort()
    this.unsubscribe()
    clearTimeout(this.timer)
  }

  private async ask(): Promise<RelayHealth> {
    const { ambient, connector } = this
    const startedAt = ambient.monotonicMs()
    try {
      const signal = AbortSignal.any([this.stopped.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])
      const health = readHealth(
        await httpOver(await connector.open(signal), { method: 'GET', path: '/health', signal }),
        connector.place,
      )
      return {
        kind: 'ok',
        at: ambient.now(),
        version: health.version,
        roundTripMs: ambient.monotonicMs() - startedAt,
        upstreams: Object.entries(health.upstreams).map(([name, signedIn]) => ({ name, signedIn })),
      }
    } catch (error) {
      return { kind: 'failing', at: ambient.now(), cause: toFailure(error) }
    }
  }
}

/** @throws AppError `relay.not-a-relay`, or what the relay or a bridge before it says is wrong. */
export function readHealth(
  { status, text }: { readonly status: number; readonly text: string },
  place: string,
): ReturnType<typeof healthSchema.parse> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  const health = healthSchema.safeParse(body)
  if (status === 200 && health.success) return health.data
  const otherwise = `${place} answered /health with status ${status} and not as a relay does.`
  throw answeredFailure(body, otherwise) ?? new AppError('relay.not-a-relay', otherwise)
}
