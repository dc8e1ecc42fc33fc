import { z } from 'zod'
import { connectApi } from '../../shared/bridge-api/connect-api.ts'
import { type AppError, fromFailure } from '../../shared/errors/app-error.ts'
import { browserPort } from './browser-port.ts'
import type { Transport } from './transport.ts'

const API_PATH = '/api'
const SUBPROTOCOL = 'sovereign.v1'

const refusalSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    recovery: z.enum(['automatic', 'user', 'never']),
    remedy: z.string(),
  }),
})

/** A WebSocket to the server that served this page, which knows the page by its cookie. */
export function socketTransport(origin: string): Transport {
  const url = new URL(API_PATH, origin)
  const socketUrl = new URL(url)
  socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return {
    kind: 'socket',
    open: () => connectApi(browserPort(new WebSocket(socketUrl, [SUBPROTOCOL]))),
    reason: () => refusalOf(url),
  }
}

/** A browser does not say why a WebSocket was refused; the same path over HTTP does. */
async function refusalOf(url: URL): Promise<AppError | undefined> {
  try {
    const response = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(3000) })
    const { data } = refusalSchema.safeParse(await response.json())
    return data === undefined || NOT_A_REFUSAL.has(data.error.code) ? undefined : fromFailure(data.error)
  } catch {
    // Nobody answers, or not in our words: the connection ended, and that is all one can say.
    return undefined
  }
}

/** What the API answers to whoever may come in and speaks plain HTTP to it. */
const NOT_A_REFUSAL = new Set(['api.not-found'])
