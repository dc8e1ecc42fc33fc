import { randomUUID } from 'node:crypto'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { FlowStatus, RunningFlow, StartedFlow } from '../../shared/protocol/relay-auth.ts'
import type { GithubApi } from './github-api.ts'
import type { Identity } from './identity.ts'

interface Flow {
  readonly userCode: string
  readonly page: string
  readonly lastsMs: number
  readonly identity: Identity
  readonly deviceCode: string
  readonly endsAtMs: number
  intervalMs: number
  nextPollAtMs: number
  polling: Promise<FlowStatus> | undefined
  outcome: FlowStatus | undefined
}

/** GitHub's own margin is unknown; clients that poll exactly on the interval are told to slow down. */
const POLL_MARGIN_MS = 1000
/** GitHub raises the interval by this much on `slow_down` when its reply does not say. */
const SLOW_DOWN_MS = 5000
const FLOWS_MAX = 20

/**
 * Device sign-ins under way. The device code stays here; callers hold an opaque id and may ask as often as they
 * like: GitHub is only asked when its interval is over.
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow
 */
export class DeviceFlows {
  private readonly github: GithubApi
  private readonly ambient: Ambient
  private readonly onToken: (userToken: string) => Promise<void>
  private readonly flows = new Map<string, Flow>()

  constructor(github: GithubApi, ambient: Ambient, onToken: (userToken: string) => Promise<void>) {
    this.github = github
    this.ambient = ambient
    this.onToken = onToken
  }

  async start(identity: Identity): Promise<StartedFlow> {
    this.forgetOld()
    const started = await this.github.startDevice(identity)
    const now = this.ambient.monotonicMs()
    const flowId = randomUUID()
    const intervalMs = started.interval * 1000
    this.flows.set(flowId, {
      userCode: started.user_code,
      page: started.verification_uri,
      lastsMs: started.expires_in * 1000,
      identity,
      deviceCode: started.device_code,
      endsAtMs: now + started.expires_in * 1000,
      intervalMs,
      nextPollAtMs: now + intervalMs + this.margin(intervalMs),
      polling: undefined,
      outcome: undefined,
    })
    return {
      success: true,
      user_code: started.user_code,
      verification_uri: started.verification_uri,
      flow_id: flowId,
      expires_in: started.expires_in,
      interval: started.interval,
      message: `Open ${started.verification_uri} and enter ${started.user_code}.`,
    }
  }

  /** The newest sign-in that has not ended. */
  running(): RunningFlow | undefined {
    const now = this.ambient.monotonicMs()
    const [newest] = [...this.flows]
      .filter(([, { outcome, endsAtMs }]) => outcome === undefined && now < endsAtMs)
      .reverse()
    if (newest === undefined) return undefined
    const [flowId, { userCode, page, endsAtMs, lastsMs, intervalMs }] = newest
    return {
      flow_id: flowId,
      user_code: userCode,
      verification_uri: page,
      expires_in: (endsAtMs - now) / 1000,
      expires_after: lastsMs / 1000,
      interval: intervalMs / 1000,
    }
  }

  /** Whoever types the code afterwards signs nobody in here. */
  stop(flowId: string): void {
    this.flows.delete(flowId)
  }

  /** Where the sign-in stands now; several callers may ask at once. */
  async poll(flowId: string): Promise<FlowStatus> {
    const flow = this.flows.get(flowId)
    if (flow === undefined)
      throw new AppError('relay.sign-in-unknown', 'There is no sign-in with this flow_id.')
    if (flow.outcome !== undefined) return flow.outcome
    const now = this.ambient.monotonicMs()
    if (now >= flow.endsAtMs) return this.end(flow, EXPIRED)
    if (now < flow.nextPollAtMs) return pending(flow, now)
    flow.polling ??= this.ask(flow).finally(() => {
      flow.polling = undefined
    })
    return await flow.polling
  }

  private async ask(flow: Flow): Promise<FlowStatus> {
    const answer = await this.github.poll(flow.identity, flow.deviceCode)
    const now = this.ambient.monotonicMs()
    if (answer.access_token !== undefined) return await this.finish(flow, answer.access_token)
    if (answer.error === 'slow_down') {
      // For good, not just for the next time: https://www.rfc-editor.org/rfc/rfc8628#section-3.5
      const named = answer.interval === undefined ? 0 : answer.interval * 1000
      flow.intervalMs = Math.max(flow.intervalMs + SLOW_DOWN_MS, named)
    }
    flow.nextPollAtMs = now + flow.intervalMs + this.margin(flow.intervalMs)
    if (answer.error === 'authorization_pending') return pending(flow, now)
    if (answer.error === 'slow_down')
      return {
        ...pending(flow, now),
        message: 'GitHub asks for more patience; waiting for the code to be entered.',
      }
    if (answer.error === 'expired_token') return this.end(flow, EXPIRED)
    if (answer.error === 'access_denied')
      return this.end(flow, failed('relay.sign-in-denied', 'The sign-in was refused in the browser.'))
    const said = answer.error ?? 'an unknown answer'
    return this.end(flow, failed('relay.sign-in-impossible', `GitHub stopped the sign-in: ${said}.`))
  }

  private async finish(flow: Flow, userToken: string): Promise<FlowStatus> {
    try {
      await this.onToken(userToken)
      return this.end(flow, { status: 'success', message: 'Signed in.' })
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return this.end(flow, failed(error.code, error.message))
    }
  }

  private end(flow: Flow, outcome: FlowStatus): FlowStatus {
    flow.outcome = outcome
    return outcome
  }

  private forgetOld(): void {
    const now = this.ambient.monotonicMs()
    for (const [id, flow] of this.flows)
      if (now >= flow.endsAtMs || flow.outcome !== undefined) this.flows.delete(id)
    const [oldest] = this.flows.keys()
    if (this.flows.size >= FLOWS_MAX && oldest !== undefined) this.flows.delete(oldest)
  }

  private margin(intervalMs: number): number {
    return Math.min(POLL_MARGIN_MS, intervalMs)
  }
}

const EXPIRED: FlowStatus = {
  status: 'expired',
  message: 'The code was not entered in time. Start again.',
  code: 'relay.sign-in-expired',
}

function pending(flow: Flow, now: number): FlowStatus {
  return {
    status: 'pending',
    message: 'Waiting for the code to be entered.',
    retry_after_ms: Math.max(0, Math.ceil(flow.nextPollAtMs - now)),
  }
}

function failed(code: AppError['code'], message: string): FlowStatus {
  return { status: code === 'relay.sign-in-denied' ? 'denied' : 'error', message, code }
}
