import type { Dispatcher } from 'undici'
import apiRequest from 'undici/lib/api/api-request.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Env } from '../config/relay-settings.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** Shorter than what the upstreams allow, so that a request rarely meets a connection that is being closed. */
const KEEP_ALIVE_MS = 30_000

const SETTINGS = {
  // The silence rules of the relay decide, which know about heartbeats and streams.
  headersTimeout: 0,
  bodyTimeout: 0,
  connect: { timeout: CONNECT_TIMEOUT_MS },
  keepAliveTimeout: KEEP_ALIVE_MS,
  pipelining: 1,
}

/** Connections to what stands in the own network, whatever proxy there is. */
export function createDirectDispatcher(): Dispatcher {
  return new Agent(SETTINGS)
}

/**
 * The connections of a relay to its upstreams, through HTTPS_PROXY where there is one. They outlive single
 * requests and only ever carry the credential of this relay.
 *
 * @throws AppError `relay.config-invalid` when HTTPS_PROXY is no address.
 */
export async function createUpstreamDispatcher(env: Env): Promise<Dispatcher> {
  const proxy = env.HTTPS_PROXY || env.https_proxy
  if (!proxy) return createDirectDispatcher()
  const httpsProxy = proxyAddress(proxy)
  const { default: EnvHttpProxyAgent } = await import('undici/lib/dispatcher/env-http-proxy-agent.js')
  // Proxies are asked with it; the part by itself lacks it, because only the whole of undici puts it there.
  const { default: Dispatcher } = await import('undici/lib/dispatcher/dispatcher.js')
  const { default: connect } = await import('undici/lib/api/api-connect.js')
  Object.assign(Dispatcher.prototype, { connect })
  const noProxy = [env.NO_PROXY ?? env.no_proxy ?? '', 'localhost', '127.0.0.1'].filter(Boolean).join(',')
  return new EnvHttpProxyAgent({ ...SETTINGS, httpProxy: httpsProxy, httpsProxy, noProxy })
}

/** As curl reads it, `proxy:3128` is one too. What is wrong is not repeated: a password may stand in it. */
function proxyAddress(text: string): string {
  const address = text.includes('://') ? text : `http://${text}`
  if (URL.canParse(address) && /^(https?|socks5?):$/.test(new URL(address).protocol)) return address
  throw new AppError('relay.config-invalid', 'HTTPS_PROXY is no address of a proxy.', {
    remedy: 'Set it to an address such as http://proxy.example.org:3128, or take it out.',
  })
}

export interface SmallRequest {
  readonly dispatcher: Dispatcher
  readonly method?: 'GET' | 'POST' | 'DELETE'
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
