import { z } from 'zod'
import { AppError } from '../../shared/errors/app-error.ts'
import {
  type ClientList,
  clientListSchema,
  type NewToken,
  newTokenSchema,
} from '../../shared/protocol/clients.ts'
import { type RecentRequests, recentRequestsSchema } from '../../shared/protocol/recent-requests.ts'
import {
  type AuthStatus,
  authStatusSchema,
  type FlowStatus,
  flowStatusSchema,
  type StartedFlow,
  type StartedOpenrouterFlow,
  startedFlowSchema,
  startedOpenrouterSchema,
} from '../../shared/protocol/relay-auth.ts'
import { answeredFailure } from './answered-failure.ts'
import { type HttpCall, httpOver } from './http-over.ts'
import type { RelayConnector } from './relay-connector.ts'

const ANSWER_WITHIN_MS = 30_000

/** What only the owner of a relay may ask it, over its admin socket. */
export class RelayAdmin {
  private readonly connector: RelayConnector

  constructor(connector: RelayConnector) {
    this.connector = connector
  }

  signInStatus(): Promise<AuthStatus> {
    return this.ask('GET', '/auth/status', authStatusSchema)
  }

  startSignIn(identity: 'own' | 'vscode' | undefined): Promise<StartedFlow> {
    return this.ask('POST', '/auth/device', startedFlowSchema, identity === undefined ? {} : { identity })
  }

  giveCredential(kind: 'github-token' | 'openrouter-key', secret: string): Promise<AuthStatus> {
    const field = kind === 'github-token' ? 'github_token' : 'openrouter_api_key'
    return this.ask('POST', '/auth/token', authStatusSchema, { [field]: secret })
  }

  pollSignIn(flowId: string): Promise<FlowStatus> {
    return this.ask('POST', '/auth/poll', flowStatusSchema, { flow_id: flowId })
  }

  async stopSignIn(flowId: string): Promise<void> {
    await this.ask('DELETE', `/auth/device?flow_id=${encodeURIComponent(flowId)}`, z.unknown())
  }

  async signOut(upstream: 'copilot' | 'openrouter' = 'copilot'): Promise<void> {
    await this.ask('DELETE', `/auth/token?upstream=${upstream}`, z.unknown())
  }

  usage(): Promise<unknown> {
    return this.ask('GET', '/stats', z.unknown())
  }

  startOpenrouterSignIn(callbackUrl: string): Promise<StartedOpenrouterFlow> {
    return this.ask('POST', '/auth/openrouter/start', startedOpenrouterSchema, { callback_url: callbackUrl })
  }

  finishOpenrouterSignIn(flowId: string, code: string): Promise<AuthStatus> {
    return this.ask('POST', '/auth/openrouter/finish', authStatusSchema, { flow_id: flowId, code })
  }

  recentRequests(): Promise<RecentRequests> {
    return this.ask('GET', '/stats/requests', recentRequestsSchema)
  }

  clients(): Promise<ClientList> {
    return this.ask('GET', '/admin/clients', clientListSchema)
  }

  /** The one time that the token is told. */
  addClient(name: string): Promise<NewToken> {
    return this.ask('POST', '/admin/clients', newTokenSchema, { name })
  }

  async revokeClient(name: string): Promise<void> {
    await this.ask('DELETE', `/admin/clients/${encodeURIComponent(name)}`, z.unknown())
  }

  private async ask<T>(
    method: HttpCall['method'],
    path: string,
    shape: z.ZodType<T>,
    body?: unknown,
  ): Promise<T> {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const answer = await httpOver(await this.connector.openAdmin(signal), { method, path, body, signal })
    let parsed: unknown
    try {
      parsed = JSON.parse(answer.text)
    } catch (cause) {
      throw new AppError('relay.not-a-relay', `${this.connector.place} answered ${path} with no JSON.`, {
        cause,
      })
    }
    if (answer.status >= 400) {
      const otherwise = `${this.connector.place} answered ${path} with status ${answer.status}.`
      const failure = answeredFailure(parsed, otherwise)
      if (failure === undefined && answer.status === 404)
        throw new AppError('relay.not-found', otherwise, {
          remedy: 'Update the relay: it is too old for that.',
        })
      throw failure ?? new AppError('relay.unreachable', otherwise)
    }
    const result = shape.safeParse(parsed)
    if (result.success) return result.data
    throw new AppError(
      'relay.not-a-relay',
      `${this.connector.place} answered ${path} in a shape this version does not know.`,
      {
        remedy: 'Update the bridge and the relay to the same version.',
      },
    )
  }
}
