import { z } from 'zod'
import { AppError, toAppError } from '../../shared/errors/app-error.ts'
import {
  type AuthStatus,
  finishOpenrouterSchema,
  startOpenrouterSchema,
} from '../../shared/protocol/relay-auth.ts'
import type { ConfigFile } from '../config/config-file.ts'
import { explain, sendJson } from '../server/error-response.ts'
import { parseObject, readBody } from '../server/read-body.ts'
import type { Exchange, Route } from '../server/route.ts'
import { checkOpenrouterKey, type OpenrouterKey } from '../upstreams/openrouter/openrouter-key.ts'
import { sendAuthPage } from './auth-page.ts'
import type { CopilotAccount } from './copilot-account.ts'
import type { DeviceFlows } from './device-flow.ts'
import type { OpenrouterFlows } from './openrouter-flows.ts'

export interface AuthDependencies {
  readonly account: CopilotAccount
  readonly flows: DeviceFlows
  readonly openrouter: OpenrouterKey
  readonly openrouterFlows: OpenrouterFlows
  readonly configFile: ConfigFile
}

const BODY_MAX_BYTES = 16_384
const USER_TOKEN = /^(?:github_pat_|gho_|ghu_)\w{10,}$/

const startSchema = z.object({ identity: z.enum(['own', 'vscode']).optional() })
const pollSchema = z.object({ flow_id: z.string() })
const tokenSchema = z.union([
  z.object({ github_token: z.string() }),
  z.object({ openrouter_api_key: z.string() }),
])

/** Sign-in and sign-out; all but the plain status need admin rights. The page is harmless without them. */
export function authRoutes(deps: AuthDependencies): Route[] {
  const poll = async (exchange: Exchange, flowId: string): Promise<void> =>
    sendJson(exchange.response, 200, await deps.flows.poll(flowId))
  return [
    { method: 'GET', path: '/auth/device', access: 'open', handle: sendAuthPage },
    { method: 'POST', path: '/auth/device', access: 'admin', handle: (x) => startFlow(deps, x) },
    {
      method: 'DELETE',
      path: '/auth/device',
      access: 'admin',
      handle: async ({ url, response }) => {
        deps.flows.stop(url.searchParams.get('flow_id') ?? '')
        sendJson(response, 200, statusOf(deps, true))
      },
    },
    {
      method: 'GET',
      path: '/auth/poll',
      access: 'admin',
      handle: (x) => poll(x, x.url.searchParams.get('flow_id') ?? ''),
    },
    {
      method: 'POST',
      path: '/auth/poll',
      access: 'admin',
      handle: async (x) => poll(x, (await readJson(x, pollSchema)).flow_id),
    },
    {
      method: 'GET',
      path: '/auth/status',
      access: 'open',
      handle: async ({ response, access }) => sendJson(response, 200, statusOf(deps, access === 'admin')),
    },
    { method: 'POST', path: '/auth/token', access: 'admin', handle: (x) => takeToken(deps, x) },
    {
      method: 'POST',
      path: '/auth/openrouter/start',
      access: 'admin',
      handle: async (x) => {
        const { callback_url } = await readJson(x, startOpenrouterSchema)
        sendJson(x.response, 200, deps.openrouterFlows.start(callback_url))
      },
    },
    {
      method: 'POST',
      path: '/auth/openrouter/finish',
      access: 'admin',
      handle: async (x) => {
        const { flow_id, code } = await readJson(x, finishOpenrouterSchema)
        await deps.openrouterFlows.finish(flow_id, code)
        sendJson(x.response, 200, statusOf(deps, true))
      },
    },
    {
      method: 'DELETE',
      path: '/auth/token',
      access: 'admin',
      handle: async (x) => {
        if (x.url.searchParams.get('upstream') === 'openrouter') await deps.openrouter.set(undefined)
        else await deps.account.signOut()
        sendJson(x.response, 200, statusOf(deps, true))
      },
    },
  ]
}

async function startFlow(deps: AuthDependencies, exchange: Exchange): Promise<void> {
  const { identity } = await readJson(exchange, startSchema)
  if (identity !== undefined) {
    const { copilot } = deps.configFile.config
    await deps.configFile.set({ copilot: { ...copilot, identity } })
  }
  sendJson(exchange.response, 200, await deps.flows.start(deps.account.identity()))
}

/** Takes a fine-grained token or an OpenRouter key in place of a sign-in. */
async function takeToken(deps: AuthDependencies, exchange: Exchange): Promise<void> {
  const given = await readJson(exchange, tokenSchema)
  if ('openrouter_api_key' in given) await takeKey(deps, given.openrouter_api_key.trim())
  else await takeUserToken(deps, given.github_token.trim())
  sendJson(exchange.response, 200, statusOf(deps, true))
}

async function takeKey({ openrouter, openrouterFlows }: AuthDependencies, key: string): Promise<void> {
  checkOpenrouterKey(key)
  await openrouterFlows.tryKey(key)
  await openrouter.set(key)
}

async function takeUserToken({ account }: AuthDependencies, token: string): Promise<void> {
  if (!USER_TOKEN.test(token))
    throw new AppError('relay.token-unusable', 'This is no token that Copilot takes.')
  try {
    await account.signIn(token)
  } catch (error) {
    if (toAppError(error).code !== 'relay.signed-out-by-github') throw error
    // To sign in again is no advice to somebody who is about to.
    throw new AppError('relay.signed-out-by-github', toAppError(error).message, {
      remedy: 'Copy the token again, whole, or look at GitHub whether it has expired or was revoked.',
    })
  }
}

function statusOf(deps: AuthDependencies, isAdmin: boolean): AuthStatus {
  const { state } = deps.account
  const authenticated = state.kind === 'signed-in'
  const message = authenticated ? 'Signed in to Copilot.' : 'Not signed in to Copilot.'
  if (!isAdmin) return { authenticated, message }
  const problem = state.kind === 'signed-in' ? state.lastProblem : state.cause
  const { name, route } = deps.account.identity()
  const unsaved = deps.configFile.saveProblem?.message
  const keyProblem = deps.openrouter.problem
  const running = deps.flows.running()
  return {
    authenticated,
    message,
    copilot: {
      authenticated,
      identity: name,
      route,
      ...(problem === undefined ? {} : { problem: explain(problem) }),
    },
    openrouter: {
      authenticated: keyProblem === undefined,
      ...(keyProblem === undefined ? {} : { problem: explain(keyProblem) }),
    },
    ...(running === undefined ? {} : { signing_in: running }),
    ...(unsaved === undefined ? {} : { unsaved }),
  }
}

async function readJson<T>({ request, response }: Exchange, schema: z.ZodType<T>): Promise<T> {
  const body = await readBody(request, response, BODY_MAX_BYTES)
  const parsed = schema.safeParse(body.length === 0 ? {} : parseObject(body))
  if (parsed.success) return parsed.data
  // zod's own words could repeat the value, which may be a token.
  throw new AppError('relay.body-invalid', 'The body does not have the fields that this path takes.')
}
