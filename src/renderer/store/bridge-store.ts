import { createStore, type StoreApi } from 'zustand/vanilla'
import { BRIDGE_CALLS, type BridgeApi, type CallName } from '../../shared/bridge-api/calls.ts'
import type { BridgeConnection } from '../../shared/bridge-api/connect-api.ts'
import { watchState } from '../../shared/bridge-api/watch-state.ts'
import { AppError, toAppError } from '../../shared/errors/app-error.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import { backoffDelayMs, RECONNECT_BACKOFF } from '../../shared/util/backoff.ts'
import { reuse } from '../../shared/util/reuse.ts'
import type { Transport } from '../transport/transport.ts'
import { NO_RATES, type Rates, takeRates } from './rates.ts'

/**
 * How the page stands to the bridge.
 *
 *   opening ──first state──▶ open ──ended──▶ gone ──next try──▶ open
 */
export type Connection =
  | { readonly phase: 'opening' }
  | { readonly phase: 'open' }
  | {
      readonly phase: 'gone'
      readonly since: number
      readonly cause: AppError
      /** `undefined` where trying again would change nothing, such as after the end of a session. */
      readonly nextTryAt: number | undefined
    }

/** What the page knows of the bridge. The state stays when the connection is gone, and is stale then. */
export interface Mirror {
  readonly connection: Connection
  readonly state: BridgeState | undefined
  readonly rates: Rates
}

export interface BridgeStore {
  readonly store: StoreApi<Mirror>
  /** Of whichever connection is up; rejects with `bridge.connection-ended` while there is none. */
  readonly api: BridgeApi
  /** Skips the wait for the next try. */
  readonly tryNow: () => void
  /** Idempotent; ends the connection and every timer. */
  readonly close: () => void
}

export interface BridgeStoreOptions {
  readonly transport: Transport
  readonly now: () => number
  readonly random: () => number
  /** Calls back before the next picture, so that many states cost one. @returns a function that cancels it. */
  readonly beforeNextPicture: (callback: () => void) => () => void
}

/** Mirrors the bridge for as long as the page lives, over as many connections as that takes. */
export function startBridgeStore(options: BridgeStoreOptions): BridgeStore {
  const { transport, now, random, beforeNextPicture } = options
  const store = createStore<Mirror>(() => ({
    connection: { phase: 'opening' },
    state: undefined,
    rates: NO_RATES,
  }))
  let current: BridgeConnection | undefined
  let newest: BridgeState | undefined
  let cancelPicture = (): void => {}
  let isPictureDue = false
  let attempt = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let isClosed = false

  function show(): void {
    isPictureDue = false
    if (newest === undefined) return
    const before = store.getState()
    const state = reuse(before.state, newest)
    store.setState({ connection: OPEN, state, rates: takeRates(before.rates, state, now()) })
  }

  function hear(state: BridgeState): void {
    newest = state
    if (isPictureDue) return
    isPictureDue = true
    cancelPicture = beforeNextPicture(show)
  }

  async function connect(): Promise<void> {
    timer = undefined
    const connection = transport.open()
    current = connection
    const isCurrent = (): boolean => current === connection && !isClosed
    try {
      await watchState(connection, (state) => {
        if (isCurrent()) hear(state)
      })
      attempt = 0
      lose(await connection.closed, isCurrent)
    } catch (error) {
      const cause = (await transport.reason()) ?? toAppError(error)
      connection.close()
      lose(cause, isCurrent)
    }
  }

  function lose(cause: AppError, isCurrent: () => boolean): void {
    if (!isCurrent()) return
    current = undefined
    cancelPicture()
    isPictureDue = false
    attempt += 1
    const mayHeal = cause.recovery === 'automatic' || HEALING.has(cause.code)
    const delayMs = Math.max(FIRST_DELAY_MS, backoffDelayMs(RECONNECT_BACKOFF, attempt, random()))
    const before = store.getState().connection
    store.setState({
      connection: {
        phase: 'gone',
        since: before.phase === 'gone' ? before.since : now(),
        cause,
        nextTryAt: mayHeal ? now() + delayMs : undefined,
      },
    })
    if (mayHeal) timer = setTimeout(() => void connect(), delayMs)
  }

  function tryNow(): void {
    if (isClosed || current !== undefined) return
    clearTimeout(timer)
    void connect()
  }

  void connect()
  return {
    store,
    api: currentApi(() => current),
    tryNow,
    close() {
      isClosed = true
      clearTimeout(timer)
      cancelPicture()
      current?.close()
    },
  }
}

const OPEN: Connection = { phase: 'open' }
/** A bridge that restarts needs a moment; a page in the background should not hammer at it. */
const FIRST_DELAY_MS = 500
/** A person mends these at the bridge, and the page notices by itself. */
const HEALING: ReadonlySet<string> = new Set([
  'bridge.connection-ended',
  'bridge.not-running',
  'api.busy',
  'internal.bug',
])

function currentApi(current: () => BridgeConnection | undefined): BridgeApi {
  const names = Object.keys(BRIDGE_CALLS) as CallName[]
  const methods = names.map((name) => [
    name,
    async (args: never) => {
      const connection = current()
      if (connection !== undefined) return await connection[name](args)
      throw new AppError('bridge.connection-ended', 'There is no connection to the bridge at the moment.')
    },
  ])
  const on: BridgeApi['on'] = (event, listener) => current()?.on(event, listener) ?? (() => {})
  return { ...Object.fromEntries(methods), on } as unknown as BridgeApi
}
