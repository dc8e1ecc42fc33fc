import type { Dispatcher } from 'undici'
import apiRequest from 'undici/lib/api/api-request.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import type { Env } from '../config/relay-settings.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** Shorter than what the upstreams allow, so that a request rarely meets a connection that is being closed. */
const KEEP_ALIVE_MS = 30_000

/**
 * The connections of a relay to its upstreams, through HTTPS_PROXY where there is one. They outlive single
 * requests and only ever carry the credential of this relay.
 */
export async function createUpstreamDispatcher(env: Env): Promise<Dispatcher> {
  const settings = {
    // The silence rules of the relay decide, which know about heartbeats and streams.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
    pipelining: 1,
  }
  const httpsProxy = env.HTTPS_PROXY || env.https_proxy
  if (!httpsProxy) return new Agent(settings)
  const { default: EnvHttpProxyAgent } = await import('undici/lib/dispatcher/env-http-proxy-agent.js')
  const noProxy = [env.NO_PROXY ?? env.no_proxy ?? '', 'localhost', '127.0.0.1'].filter(Boolean).join(',')
  return new EnvHttpProxyAgent({ ...settings, httpProxy: httpsProxy, httpsProxy, noProxy })
}

export interface SmallRequest {
  readonly dispatcher: Dispatcher
  readonly method?: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: string
  readonly signal: AbortSignal
}

/** A request whose answer is small; streams go through `forward`. */
export async function sendRequest(
  url: string,
  { dispatcher, method, headers, body, signal }: SmallRequest,
): Promise<Dispatcher.ResponseData> {
  const { origin, pathname, search } = new URL(url)
  const options = {
    origin,
    path: pathname + search,
    method: method ?? 'GET',
    headers,
    body: body ?? null,
    signal,
  }
  return await apiRequest.call(dispatcher, options)
}

/** A short word for a failed connection, without addresses or headers. */
export function reasonOf(error: unknown): string {
  const { code, name, cause } = error as NodeJS.ErrnoException & { readonly cause?: unknown }
  if (name === 'TimeoutError') return 'no answer in time'
  if (typeof code === 'string') return code
  return cause === undefined ? 'unknown error' : reasonOf(cause)
}
