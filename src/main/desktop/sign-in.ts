import { setTimeout as delay } from 'node:timers/promises'
import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import type { FlowStatus, StartedFlow } from '../../shared/protocol/relay-auth.ts'
import { type ShowMessageBox, signInBox } from './dialogs.ts'

export interface SignInOptions {
  readonly api: Pick<BridgeApi, 'startSignIn' | 'pollSignIn'>
  readonly show: ShowMessageBox
  readonly copy: (text: string) => void
  readonly openBrowser: (address: string) => void
  /** The code to be shown in the menu while we wait; `undefined` when there is none any more. */
  readonly onCode: (code: string | undefined) => void
  /** Ends the waiting. */
  readonly signal: AbortSignal
  /** Milliseconds; injected by tests. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

const OUTCOMES: Readonly<Record<Exclude<FlowStatus['status'], 'pending' | 'success'>, string>> = {
  expired: 'The code has expired before it was entered.',
  denied: 'The sign-in was refused at GitHub.',
  error: 'The sign-in did not work.',
}

/**
 * One sign-in from the code to the outcome. Asks the relay no more often than GitHub allows, and never beyond
 * the life of the code. @throws AppError when the relay cannot be asked.
 */
export async function signIn(options: SignInOptions): Promise<void> {
  const { api, show, onCode, signal } = options
  const flow = await api.startSignIn({})
  if (signal.aborted || !(await present(flow, options))) return
  onCode(flow.user_code)
  try {
    const status = await outcome(flow, options)
    if (status !== undefined && status.status !== 'pending') await show(outcomeBox(status))
  } finally {
    onCode(undefined)
  }
}

/** @returns whether the person wants to go on. */
async function present(
  flow: StartedFlow,
  { show, copy, openBrowser, signal }: SignInOptions,
): Promise<boolean> {
  const { box, choices } = signInBox(flow)
  const choice = choices[await show(box)] ?? 'cancel'
  if (choice === 'cancel' || signal.aborted) return false
  copy(flow.user_code)
  if (choice === 'copy-and-open') openBrowser(flow.verification_uri)
  return true
}

async function outcome(
  { flow_id, interval, expires_in }: StartedFlow,
  { api, signal, sleep = wait }: SignInOptions,
): Promise<FlowStatus | undefined> {
  const shortestMs = Math.max(1, interval) * 1_000
  let pauseMs = shortestMs
  for (let waitedMs = 0; waitedMs < expires_in * 1_000; waitedMs += pauseMs) {
    await sleep(pauseMs, signal)
    if (signal.aborted) return undefined
    const status = await api.pollSignIn({ flowId: flow_id })
    if (status.status !== 'pending') return signal.aborted ? undefined : status
    pauseMs = Math.max(shortestMs, status.retry_after_ms ?? 0)
  }
  return { status: 'expired', message: OUTCOMES.expired }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  // Being aborted is the other way for a wait to end; the caller looks at the signal.
  await delay(ms, undefined, { signal }).catch(() => undefined)
}

function outcomeBox({ status, message }: FlowStatus): Parameters<ShowMessageBox>[0] {
  const rest = { buttons: ['OK'], defaultId: 0, cancelId: 0 }
  if (status === 'success' || status === 'pending')
    return { type: 'info', message: 'Signed in to GitHub Copilot.', detail: message, ...rest }
  return {
    type: 'error',
    message: OUTCOMES[status],
    detail: `${message}\n\nStart again from the menu.`,
    ...rest,
  }
}
