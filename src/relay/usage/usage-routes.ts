import type { ServerResponse } from 'node:http'
import { AppError } from '../../shared/errors/app-error.ts'
import type { RecentRequests } from '../../shared/protocol/recent-requests.ts'
import type { UsageDetails, UsageSummary } from '../../shared/protocol/usage.ts'
import type { Route } from '../server/route.ts'
import { Exposition } from './exposition.ts'
import type { StatsStream } from './stats-stream.ts'

export interface UsageViews {
  summary(client: string): UsageSummary
  details(month?: string): UsageDetails
  recent(): RecentRequests
  metrics(): string
  readonly stream: StatsStream
}

/** Clients see the sums and their own limits; who used what, the quota and the metrics are for admins. */
export function usageRoutes(views: UsageViews): Route[] {
  return [
    {
      // The first relays answered any method here.
      method: 'ANY',
      path: '/stats',
      access: 'client',
      handle: async ({ response, url, access, client }) => {
        const month = url.searchParams.get('month')
        if (access !== 'admin') sendJson(response, views.summary(client.name))
        else sendJson(response, views.details(month === null ? undefined : checkMonth(month)))
      },
    },
    {
      method: 'GET',
      path: '/stats/requests',
      access: 'admin',
      handle: async ({ response }) => sendJson(response, views.recent()),
    },
    {
      method: 'GET',
      path: '/stats/stream',
      access: 'admin',
      handle: (exchange) => views.stream.serve(exchange),
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'admin',
      handle: async ({ response }) => {
        response.writeHead(200, { 'content-type': Exposition.CONTENT_TYPE, 'cache-control': 'no-store' })
        response.end(views.metrics())
      },
    },
  ]
}

function checkMonth(month: string): string {
  if (/^\d{4}-(?:0[1-9]|1[0-2])$/.test(month)) return month
  throw new AppError('usage.month-invalid', `"${month.slice(0, 40)}" is not a month.`)
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
