import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type RecordedRequest, type StandIn, sendJson, startStandIn } from './stand-in.ts'

export interface FakeGithubOptions {
  /** What the exchange names as `endpoints.api`. */
  readonly copilotApiUrl?: string
  /** Seconds between polls; also what the device flow enforces. Default 5. */
  readonly intervalSeconds?: number
  readonly deviceCodeSeconds?: number
  /** Default 1500, as the real one. */
  readonly refreshInSeconds?: number
  /** Milliseconds; judges polling speed and expiry. Default the monotonic clock. */
  readonly now?: () => number
}

export type DeviceAnswer = 'pending' | 'approved' | 'denied' | 'expired' | { readonly error: string }

/** Answers for the next calls of one kind, in place of the usual answer. */
export interface CannedAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type GithubCall = 'device' | 'poll' | 'exchange' | 'user'

export interface FakeGithub extends StandIn {
  /** What the person at github.com/login/device does. Default `pending`. */
  answerDevice(answer: DeviceAnswer): void
  script(call: GithubCall, ...answers: readonly CannedAnswer[]): void
  /** OAuth token that an approved device flow hands out and that the API accepts. */
  readonly oauthToken: string
  /** Tokens that the exchange has handed out and that are still good. */
  readonly copilotTokens: Set<string>
  /** From now on the OAuth token is answered with 401. */
  revoke(): void
  /** Makes further user tokens good, such as a fine-grained one. */
  acceptToken(token: string): void
  isUserToken(token: string): boolean
}

interface DeviceCode {
  intervalSeconds: number
  readonly expiresAt: number
  lastPollAt: number
}

/** GitHub's device flow, Copilot token exchange and quota call; base URL and API base URL in one. */
export async function startFakeGithub(options: FakeGithubOptions = {}): Promise<FakeGithub> {
  const now = options.now ?? (() => performance.now())
  const oauthToken = `gho_${randomBytes(18).toString('hex')}`
  const userTokens = new Set([oauthToken])
  const copilotTokens = new Set<string>()
  const codes = new Map<string, DeviceCode>()
  const canned = new Map<string, CannedAnswer[]>()
  let answer: DeviceAnswer = 'pending'

  const startDevice = (request: RecordedRequest): CannedAnswer => {
    const form = fieldsOf(request)
    if (!form.get('client_id')) return ok({ error: 'incorrect_client_credentials' })
    const code = randomBytes(20).toString('hex')
    const intervalSeconds = options.intervalSeconds ?? 5
    const expiresIn = options.deviceCodeSeconds ?? 900
    codes.set(code, { intervalSeconds, expiresAt: now() + expiresIn * 1000, lastPollAt: now() })
    return ok({
      device_code: code,
      user_code: 'WDJB-MJHT',
      verification_uri: 'https://github.com/login/device',
      expires_in: expiresIn,
      interval: intervalSeconds,
    })
  }

  const poll = (request: RecordedRequest): CannedAnswer => {
    const form = fieldsOf(request)
    const code = codes.get(form.get('device_code') ?? '')
    const refuse = (error: string, more: object = {}): CannedAnswer =>
      ok({ error, error_description: `About ${error}.`, ...more })
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:device_code')
      return refuse('unsupported_grant_type')
    if (code === undefined) return refuse('incorrect_device_code')
    if (answer === 'expired' || now() >= code.expiresAt) return refuse('expired_token')
    // 20 ms for the timers of the two sides.
    const tooFast = now() - code.lastPollAt < code.intervalSeconds * 1000 - 20
    code.lastPollAt = now()
    if (tooFast) {
      code.intervalSeconds += 5
      return refuse('slow_down', { interval: code.intervalSeconds })
    }
    if (answer === 'pending') return refuse('authorization_pending')
    if (answer === 'denied') return refuse('access_denied')
    if (answer !== 'approved') return refuse(answer.error)
    codes.delete(form.get('device_code') ?? '')
    return ok({ access_token: oauthToken, token_type: 'bearer', scope: 'read:user' })
  }

  const exchange = (request: RecordedRequest): CannedAnswer => {
    const token = userTokenOf(request)
    if (token.startsWith('github_pat_') || token.startsWith('ghp_'))
      return { status: 403, body: { message: 'Resource not accessible by personal access token' } }
    if (!userTokens.has(token)) return BAD_CREDENTIALS
    const refreshIn = options.refreshInSeconds ?? 1500
    const expiresAt = Math.floor(Date.now() / 1000) + refreshIn + 300
    const fresh = `tid=${randomBytes(16).toString('hex')};exp=${expiresAt};sku=stand_in:${randomBytes(16).toString('hex')}`
    copilotTokens.add(fresh)
    return ok({
      token: fresh,
      expires_at: expiresAt,
      refresh_in: refreshIn,
      ...(options.copilotApiUrl === undefined ? {} : { endpoints: { api: options.copilotApiUrl } }),
      sku: 'stand_in',
      individual: true,
      chat_enabled: true,
    })
  }

  const user = (request: RecordedRequest): CannedAnswer =>
    userTokens.has(userTokenOf(request)) ? ok(userReply(options.copilotApiUrl)) : BAD_CREDENTIALS

  const calls: Readonly<Record<string, [GithubCall, (request: RecordedRequest) => CannedAnswer]>> = {
    'POST /login/device/code': ['device', startDevice],
    'POST /login/oauth/access_token': ['poll', poll],
    'GET /copilot_internal/v2/token': ['exchange', exchange],
    'GET /copilot_internal/user': ['user', user],
  }

  const standIn = await startStandIn((request, response) => {
    const call = calls[`${request.method} ${request.path}`]
    if (call === undefined) {
      sendJson(response, 404, { message: 'Not Found' })
      return
    }
    const [name, give] = call
    send(request, response, canned.get(name)?.shift() ?? give(request))
  })

  return {
    ...standIn,
    oauthToken,
    copilotTokens,
    answerDevice: (next) => {
      answer = next
    },
    script: (call, ...answers) => {
      canned.set(call, [...(canned.get(call) ?? []), ...answers])
    },
    revoke: () => {
      userTokens.clear()
      copilotTokens.clear()
    },
    acceptToken: (token) => void userTokens.add(token),
    isUserToken: (token) => userTokens.has(token),
  }
}

const BAD_CREDENTIALS: CannedAnswer = { status: 401, body: { message: 'Bad credentials', status: '401' } }

function ok(body: object): CannedAnswer {
  return { status: 200, body }
}

/** The login pages answer form-encoded unless JSON is asked for, and with status 200 also for errors. */
function send(
  request: RecordedRequest,
  response: ServerResponse,
  { status, body, headers }: CannedAnswer,
): void {
  const isForm = request.path.startsWith('/login/') && !request.headers.accept?.includes('application/json')
  if (typeof body === 'string' || isForm) {
    const text =
      typeof body === 'string' ? body : formOf(body as Readonly<Record<string, unknown>>).toString()
    const type = typeof body === 'string' ? 'text/plain' : 'application/x-www-form-urlencoded'
    response.writeHead(status, { 'content-type': type, ...headers })
    response.end(text)
    return
  }
  sendJson(response, status, body, headers)
}

function formOf(fields: Readonly<Record<string, unknown>>): URLSearchParams {
  return new URLSearchParams(
    Object.entries(fields).map(([key, value]): [string, string] => [key, String(value)]),
  )
}

function fieldsOf(request: RecordedRequest): URLSearchParams {
  return request.json === undefined ? new URLSearchParams(request.body.toString()) : formOf(request.json)
}

function userTokenOf(request: RecordedRequest): string {
  return (request.headers.authorization ?? '').replace(/^(?:token|Bearer)\s+/i, '')
}

function userReply(copilotApiUrl: string | undefined): object {
  const snapshot = {
    entitlement: 1500,
    remaining: 1377,
    quota_remaining: 1377,
    percent_remaining: 91.8,
    unlimited: false,
    overage_count: 0,
    overage_permitted: true,
    has_quota: true,
    token_based_billing: true,
    credits_used: 123,
    quota_id: 'premium_interactions',
  }
  return {
    login: 'stand-in',
    copilot_plan: 'individual',
    access_type_sku: 'stand_in',
    chat_enabled: true,
    token_based_billing: true,
    quota_reset_date: '2026-12-01',
    quota_reset_date_utc: '2026-12-01T00:00:00.000Z',
    ...(copilotApiUrl === undefined ? {} : { endpoints: { api: copilotApiUrl } }),
    quota_snapshots: {
      premium_interactions: snapshot,
      chat: { ...snapshot, quota_id: 'chat', entitlement: 0, remaining: 0, unlimited: true },
      completions: { ...snapshot, quota_id: 'completions', unlimited: true },
    },
  }
}
