import { createStore, type StoreApi } from 'zustand/vanilla'
import type { BridgeApi } from '../../../shared/bridge-api/calls.ts'
import { type AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { FlowStatus, RunningFlow, StartedFlow } from '../../../shared/protocol/relay-auth.ts'
import { backoffDelayMs, RECONNECT_BACKOFF } from '../../../shared/util/backoff.ts'
import { expired, type Outcome, outcomeOf, outcomeOfStatus } from './sign-in-outcome.ts'

export type IdentityChoice = 'own' | 'vscode'

/** A code that waits to be typed at GitHub. Times are ms since the epoch. */
export interface OpenFlow {
  readonly userCode: string
  readonly page: string
  readonly startedAt: number
  readonly endsAt: number
}

/**
 *   idle ──start──▶ starting ──▶ waiting ──▶ ended
 *                      │           │  ▲
 *         identity-needed      leave  come back
 *                      ▼           ▼  │
 *                   choosing       away
 */
export type DeviceSignIn =
  | { readonly phase: 'idle' }
  /** `wasTried` is what was chosen last and did not do. */
  | { readonly phase: 'choosing'; readonly wasTried: IdentityChoice | undefined }
  | { readonly phase: 'starting' }
  | {
      readonly phase: 'waiting'
      readonly flow: OpenFlow
      /** GitHub has asked for longer pauses. */
      readonly isSlowed: boolean
      /** Milliseconds between two looks. */
      readonly everyMs: number
      /** Somebody was away, or the page was closed, and has come back. */
      readonly isResumed: boolean
      /** Why the last look failed; it is tried again. */
      readonly trouble: AppError | undefined
    }
  | { readonly phase: 'away'; readonly flow: OpenFlow }
  | { readonly phase: 'ended'; readonly outcome: Outcome }

export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** @returns a function that cancels it. */
  readonly after: (ms: number, run: () => void) => () => void
  /** 0 to 1. */
  readonly random: () => number
}

export interface DeviceSignInFlow {
  readonly store: StoreApi<DeviceSignIn>
  readonly start: (identity?: IdentityChoice) => void
  /** Goes on with a sign-in that the relay tells of, unless this page has one or gave that one up. */
  readonly resume: (running: RunningFlow) => void
  /** Lets the person choose as whom the relay signs in. */
  readonly choose: () => void
  /** Gives the code up. */
  readonly stop: () => void
  /** Nobody looks any more: GitHub is not asked until somebody comes back. */
  readonly leave: () => void
  readonly comeBack: () => void
  readonly reset: () => void
}

/** Whatever an answer says, a relay is not asked more often than this. */
export const SHORTEST_PAUSE_MS = 1000
/** The relay adds a second of its own to GitHub's interval; more than that is GitHub's wish. */
const SLOWED_BY_MS = 2000

interface Inner extends OpenFlow {
  readonly id: string
  /** As GitHub gave it. */
  readonly intervalMs: number
  everyMs: number
  isSlowed: boolean
  failures: number
}

/** One sign-in with a device code, from the click to its end. Late answers of an older one are ignored. */
export function deviceSignIn(
  api: Pick<BridgeApi, 'startSignIn' | 'pollSignIn' | 'stopSignIn'>,
  clock: Clock,
): DeviceSignInFlow {
  const store = createStore<DeviceSignIn>(() => ({ phase: 'idle' }))
  let current: Inner | undefined
  let cancelTimer = (): void => {}
  let givenUp: string | undefined
  /** Grows with everything that makes answers under way worthless. */
  let turn = 0

  function enter(state: DeviceSignIn): void {
    store.setState(state, true)
  }

  function drop(): number {
    cancelTimer()
    turn += 1
    return turn
  }

  function end(outcome: Outcome): void {
    drop()
    current = undefined
    enter({ phase: 'ended', outcome })
  }

  /** Where the relay cannot be told, the code ends by itself. */
  function giveUp(): void {
    if (current === undefined) return
    givenUp = current.id
    api.stopSignIn({ flowId: current.id }).catch(() => undefined)
  }

  async function start(identity?: IdentityChoice): Promise<void> {
    const mine = drop()
    current = undefined
    enter({ phase: 'starting' })
    try {
      const started = await api.startSignIn(identity === undefined ? {} : { identity })
      if (mine === turn) begin(started)
    } catch (error) {
      if (mine !== turn) return
      const failure = toAppError(error)
      if (failure.code === 'relay.identity-needed') enter({ phase: 'choosing', wasTried: identity })
      else end(outcomeOf(failure))
    }
  }

  function open(started: Omit<RunningFlow, 'expires_after'>, lasts = started.expires_in): Inner {
    const endsAt = clock.now() + started.expires_in * 1000
    const intervalMs = started.interval * 1000
    return {
      id: started.flow_id,
      userCode: started.user_code,
      page: started.verification_uri,
      startedAt: endsAt - lasts * 1000,
      endsAt,
      intervalMs,
      everyMs: Math.max(SHORTEST_PAUSE_MS, intervalMs),
      isSlowed: false,
      failures: 0,
    }
  }

  function begin(started: StartedFlow): void {
    current = open(started)
    wait(current, current.everyMs)
  }

  function resume(running: RunningFlow): void {
    if (store.getState().phase !== 'idle' || running.flow_id === givenUp) return
    current = open(running, running.expires_after)
    // Perhaps it was typed while nobody looked.
    wait(current, SHORTEST_PAUSE_MS, { isResumed: true })
  }

  function wait(flow: Inner, pauseMs: number, about: { isResumed?: boolean; trouble?: AppError } = {}): void {
    const before = store.getState()
    const wasResumed = before.phase === 'waiting' && before.isResumed
    enter({
      phase: 'waiting',
      flow: publicPart(flow),
      isSlowed: flow.isSlowed,
      everyMs: flow.everyMs,
      isResumed: about.isResumed ?? wasResumed,
      trouble: about.trouble,
    })
    const mine = turn
    // A laptop that slept through the end of the code should say so, not ask once more.
    const delayMs = Math.max(0, Math.min(pauseMs, flow.endsAt - clock.now()))
    cancelTimer = clock.after(delayMs, () => void look(flow, mine))
  }

  async function look(flow: Inner, mine: number): Promise<void> {
    if (clock.now() >= flow.endsAt) {
      end(expired())
      return
    }
    try {
      const status = await api.pollSignIn({ flowId: flow.id })
      if (mine !== turn) return
      flow.failures = 0
      take(flow, status)
    } catch (error) {
      if (mine === turn) stumble(flow, toAppError(error))
    }
  }

  function take(flow: Inner, status: FlowStatus): void {
    if (status.status === 'success') end({ kind: 'signed-in' })
    else if (status.status === 'pending') {
      const pauseMs = Math.max(SHORTEST_PAUSE_MS, status.retry_after_ms ?? flow.everyMs)
      flow.everyMs = Math.max(flow.everyMs, pauseMs)
      flow.isSlowed ||= pauseMs > flow.intervalMs + SLOWED_BY_MS
      wait(flow, pauseMs)
    } else end(outcomeOfStatus(status))
  }

  /** Losing the way to the relay does not lose the code: GitHub still waits for it. */
  function stumble(flow: Inner, failure: AppError): void {
    const { kind } = outcomeOf(failure)
    if (kind !== 'network' && kind !== 'disconnected') {
      end(outcomeOf(failure))
      return
    }
    flow.failures += 1
    const pauseMs = backoffDelayMs(RECONNECT_BACKOFF, flow.failures, clock.random())
    wait(flow, Math.max(flow.everyMs, pauseMs), { trouble: failure })
  }

  return {
    store,
    start: (identity) => void start(identity),
    resume,
    choose() {
      drop()
      giveUp()
      current = undefined
      enter({ phase: 'choosing', wasTried: undefined })
    },
    stop() {
      giveUp()
      end({ kind: 'stopped' })
    },
    leave() {
      const { phase } = store.getState()
      if (phase === 'starting') {
        drop()
        enter({ phase: 'idle' })
      }
      if (phase !== 'waiting' || current === undefined) return
      drop()
      enter({ phase: 'away', flow: publicPart(current) })
    },
    comeBack() {
      if (current === undefined || store.getState().phase !== 'away') return
      if (clock.now() >= current.endsAt) end(expired())
      else wait(current, SHORTEST_PAUSE_MS, { isResumed: true })
    },
    reset() {
      drop()
      current = undefined
      enter({ phase: 'idle' })
    },
  }
}

function publicPart({ userCode, page, startedAt, endsAt }: Inner): OpenFlow {
  return { userCode, page, startedAt, endsAt }
}
