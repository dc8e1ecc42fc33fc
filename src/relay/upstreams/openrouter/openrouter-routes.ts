import { AppError } from '../../../shared/errors/app-error.ts'
import type { RelaySettings } from '../../config/relay-settings.ts'
import { readBody } from '../../server/read-body.ts'
import type { Exchange, Route } from '../../server/route.ts'
import { sendRefusal } from '../refusal.ts'
import { isInference, isPathOpen } from './openrouter-paths.ts'
import { dialectAt, type OpenrouterUpstream } from './openrouter-upstream.ts'

/** OpenRouter's own paths, as far as they are open to clients. */
export function openrouterRoutes(upstream: OpenrouterUpstream, settings: RelaySettings): Route[] {
  const handle = (exchange: Exchange): Promise<void> => pass(upstream, settings, exchange)
  return [{ method: 'ANY', path: '/api/v1/*', access: 'client', handle }]
}

async function pass(
  upstream: OpenrouterUpstream,
  settings: RelaySettings,
  exchange: Exchange,
): Promise<void> {
  const { request, response, url } = exchange
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const rights = { isAdmin: exchange.access === 'admin', allowed: settings.openrouterPaths }
  if ((method !== 'GET' && method !== 'POST') || !isPathOpen(url.pathname, rights))
    throw new AppError(
      'relay.path-refused',
      `${method ?? ''} ${url.pathname.slice(0, 120)} is not open to clients.`,
    )
  const { problem } = upstream
  if (problem !== undefined) throw problem
  const refused = isInference(method, url.pathname)
    ? await infer(upstream, settings, exchange)
    : await upstream.read(exchange)
  if (refused !== undefined)
    sendRefusal(response, dialectAt(url.pathname), refused.refusal, refused.explanation)
}

async function infer(upstream: OpenrouterUpstream, settings: RelaySettings, exchange: Exchange) {
  const { request, response, url } = exchange
  if (request.method !== 'POST') throw new AppError('relay.path-refused', `${url.pathname} takes POST only.`)
  const body = await readBody(request, response, settings.maxBodyBytes)
  return await upstream.inferAt(exchange, url.pathname, body)
}
