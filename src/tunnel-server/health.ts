import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { HealthView } from './health-view.ts'
import { metricsText } from './metrics-text.ts'

const HEAD_MS = 5_000

/** Plain HTTP for whatever watches the server: `/health`, `/ready` and `/metrics`. It never listens by itself. */
export function createHealthServer(view: HealthView): Server {
  const server = createServer({ headersTimeout: HEAD_MS, requestTimeout: HEAD_MS }, (request, response) =>
    answer(view, request, response),
  )
  server.maxConnections = 100
  return server
}

function answer(view: HealthView, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?')[0]
  if (request.method !== 'GET' && request.method !== 'HEAD')
    reply(response, 405, { error: 'Only GET is served here.' })
  else if (path === '/health') reply(response, mayTakeMore(view) ? 200 : 503, healthOf(view))
  else if (path === '/ready') reply(response, mayTakeMore(view) ? 200 : 503, { ready: mayTakeMore(view) })
  else if (path === '/metrics') {
    const type = 'text/plain; version=0.0.4; charset=utf-8'
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(metricsText(view))
  } else reply(response, 404, { error: 'There is /health, /ready and /metrics.' })
}

/** The fields that the first server had, and no more for whoever asks without a certificate. */
function healthOf(view: HealthView): object {
  const { ambient, maxConnections, meters } = view
  return {
    status: statusOf(view),
    active_connections: meters.connections,
    uptime_seconds: Math.floor((ambient.now() - meters.startedAt) / 1000),
    max_connections: maxConnections,
    connections_percent: Math.round((1000 * meters.connections) / maxConnections) / 10,
  }
}

function statusOf(view: HealthView): string {
  if (view.isDraining()) return 'draining'
  if (view.meters.connections >= view.maxConnections) return 'full'
  return view.ambient.now() >= view.certificateExpiresAt() ? 'certificate-expired' : 'healthy'
}

function mayTakeMore(view: HealthView): boolean {
  return statusOf(view) === 'healthy'
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
