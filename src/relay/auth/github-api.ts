import type { Dispatcher } from 'undici'
import { z } from 'zod'
import { redactText } from '../../node/log.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { BaseUrls } from '../config/relay-settings.ts'
import { reasonOf, sendRequest } from '../upstreams/http-client.ts'
import type { Identity } from './identity.ts'

const GITHUB_TIMEOUT_MS = 20_000
const ANSWER_MAX_BYTES = 1_048_576
const INTERNAL_API_VERSION = '2025-04-01'

const deviceStart = z.looseObject({
  device_code: z.string().min(1),
  user_code: z.string().min(1),
  verification_uri: z.url({ protocol: /^https$/ }),
  expires_in: z.number().positive().catch(900),
  interval: z.number().nonnegative().catch(5),
})
export type DeviceStart = z.infer<typeof deviceStart>

const pollAnswer = z.looseObject({
  access_token: z.string().min(1).optional(),
  error: z.string().optional(),
  error_description: z.string().optional(),
  interval: z.number().optional(),
})
export type PollAnswer = z.infer<typeof pollAnswer>

const endpoints = z.looseObject({ api: z.string().optional() }).optional().catch(undefined)

/** Only what the relay cannot do without is required: the rest of this reply has changed often. */
const exchangeReply = z.looseObject({
  token: z.string().min(1),
  expires_at: z.number(),
  refresh_in: z.number().positive(),
  endpoints,
})
export type ExchangeReply = z.infer<typeof exchangeReply>

const refusal = z.looseObject({
  message: z.string().optional().catch(undefined),
  error_details: z
    .looseObject({
      message: z.string().optional(),
      url: z.string().optional(),
      notification_id: z.string().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
})

export interface UserReply {
  readonly apiUrl: string | undefined
  /** The reply as it came, for the quota. */
  readonly body: unknown
}

export interface GithubApi {
  startDevice(identity: Identity): Promise<DeviceStart>
  poll(identity: Identity, deviceCode: string): Promise<PollAnswer>
  /** @throws AppError `relay.signed-out-by-github`, `relay.copilot-refused`, `relay.copilot-blocked`, `relay.github-unreachable` */
  exchange(identity: Identity, userToken: string): Promise<ExchangeReply>
  /** @throws AppError as {@link GithubApi.exchange} */
  user(identity: Identity, userToken: string): Promise<UserReply>
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

export function createGithubApi(urls: BaseUrls, dispatcher: Dispatcher): GithubApi {
  const call = (
    method: 'GET' | 'POST',
    url: string,
    headers: Record<string, string>,
    form?: URLSearchParams,
  ) => callGithub(dispatcher, method, url, headers, form)

  const login = async (
    identity: Identity,
    path: string,
    fields: Record<string, string>,
  ): Promise<unknown> => {
    const headers = {
      'user-agent': identity.headers['user-agent'] ?? 'SovereignBridge',
      'content-type': 'application/x-www-form-urlencoded',
    }
    const { status, body } = await call('POST', `${urls.github}${path}`, headers, new URLSearchParams(fields))
    // Errors of the flow come with status 200; anything else is GitHub's front door.
    if (status !== 200 && status !== 400)
      throw new AppError('relay.github-unreachable', `GitHub answered the sign-in with status ${status}.`)
    return body
  }

  const internal = async (identity: Identity, path: string, userToken: string): Promise<unknown> => {
    const { status, body } = await call('GET', `${urls.githubApi}${path}`, {
      ...identity.headers,
      authorization: `token ${userToken}`,
      'x-github-api-version': INTERNAL_API_VERSION,
    })
    if (status === 200) return body
    throw refusedBy(status, body)
  }

  return {
    startDevice: async (identity) => {
      if (identity.clientId === undefined)
        throw new AppError('relay.identity-needed', 'No GitHub client id is configured.')
      const fields = { client_id: identity.clientId, scope: identity.scope }
      const body = await login(identity, '/login/device/code', fields)
      const parsed = deviceStart.safeParse(body)
      if (parsed.success) return parsed.data
      const error = pollAnswer.safeParse(body).data?.error ?? 'unexpected answer'
      throw new AppError('relay.sign-in-impossible', `GitHub gives no device code: ${error}.`)
    },
    poll: async (identity, deviceCode) => {
      const body = await login(identity, '/login/oauth/access_token', {
        client_id: identity.clientId ?? '',
        device_code: deviceCode,
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      })
      return pollAnswer.parse(body)
    },
    exchange: async (identity, userToken) => {
      const parsed = exchangeReply.safeParse(
        await internal(identity, '/copilot_internal/v2/token', userToken),
      )
      if (parsed.success) return parsed.data
      throw new AppError(
        'relay.copilot-refused',
        'GitHub answered the token exchange without a usable token.',
      )
    },
    user: async (identity, userToken) => {
      const body = await internal(identity, '/copilot_internal/user', userToken)
      const apiUrl = z.looseObject({ endpoints }).safeParse(body).data?.endpoints?.api
      return { apiUrl, body }
    },
  }
}

async function callGithub(
  dispatcher: Dispatcher,
  method: 'GET' | 'POST',
  url: string,
  headers: Record<string, string>,
  form: URLSearchParams | undefined,
): Promise<Answer> {
  try {
    const reply = await sendRequest(url, {
      dispatcher,
      method,
      headers: { accept: 'application/json', ...headers },
      ...(form === undefined ? {} : { body: form.toString() }),
      signal: AbortSignal.timeout(GITHUB_TIMEOUT_MS),
    })
    return { status: reply.statusCode, body: parseJson(await readText(reply.body)) }
  } catch (error) {
    const host = new URL(url).host
    throw new AppError('relay.github-unreachable', `${host} does not answer (${reasonOf(error)}).`, {
      cause: error,
    })
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > ANSWER_MAX_BYTES) throw new Error('answer too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return { message: text.trim().slice(0, 500) }
  }
}

function refusedBy(status: number, body: unknown): AppError {
  const parsed = refusal.safeParse(body).data
  const details = parsed?.error_details
  const said = redactText([details?.message ?? parsed?.message, details?.url].filter(Boolean).join(' '))
  const message = `GitHub answered with status ${status}${said === '' ? '' : `: ${said}`}.`
  if (status === 401) return new AppError('relay.signed-out-by-github', message)
  if (status === 403 && isBlocked(details?.notification_id, said))
    return new AppError('relay.copilot-blocked', message)
  if (status === 403 || status === 404) return new AppError('relay.copilot-refused', message)
  return new AppError('relay.github-unreachable', message)
}

/** What the exchange calls an account that may have Copilot but is kept from it. */
const BLOCKED_IDS = new Set([
  'feature_flag_blocked',
  'enterprise_managed_user_account',
  'spammy_user',
  'codespaces_trial_license_abuse',
])

/** Policies have no id of their own; GitHub's text names who is in the way. */
function isBlocked(id: string | undefined, said: string): boolean {
  if (id !== undefined) return BLOCKED_IDS.has(id)
  return /\b(?:policy|policies|administrator|suspended|disabled by)\b/i.test(said)
}
