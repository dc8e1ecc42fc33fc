import {
  type CloudWatchClient,
  type MetricDataQuery,
  type MetricDataResult,
  paginateGetMetricData,
} from '@aws-sdk/client-cloudwatch'
import { TUNNEL_METRICS } from '../../shared/protocol/tunnel-metrics.ts'
import type { ReadTraffic } from '../ports.ts'

/** The server reports once a minute. */
const PERIOD_SECONDS = 60

export interface MetricsPlace {
  readonly namespace: string
  readonly cluster: string
  readonly service: string
}

/** What the tunnel server reported to CloudWatch. */
export function cloudwatchTraffic(client: CloudWatchClient, place: MetricsPlace): ReadTraffic {
  const queries = [
    metric('bytes', TUNNEL_METRICS.bytes, 'Sum', place),
    metric('requests', TUNNEL_METRICS.requests, 'Sum', place),
    metric('connections', TUNNEL_METRICS.activeConnections, 'Average', place),
  ]
  return async (from, to) => {
    const results: MetricDataResult[] = []
    const pages = paginateGetMetricData(
      { client },
      { StartTime: new Date(from), EndTime: new Date(to), MetricDataQueries: queries },
    )
    for await (const { MetricDataResults: page = [] } of pages) results.push(...page)
    const active = results.filter(({ Id: id }) => id !== 'connections').flatMap(activeMinutes)
    const connections = results
      .filter(({ Id: id }) => id === 'connections')
      .flatMap(({ Values: v = [] }) => v)
    return {
      lastActiveAt: active.length === 0 ? undefined : Math.min(to, Math.max(...active)),
      averageConnections: average(connections),
    }
  }
}

/** Ends of the periods in which there was something. */
function activeMinutes({ Timestamps: starts = [], Values: values = [] }: MetricDataResult): number[] {
  return starts
    .filter((_, index) => (values[index] ?? 0) > 0)
    .map((start) => start.getTime() + PERIOD_SECONDS * 1000)
}

function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function metric(id: string, name: string, stat: string, place: MetricsPlace): MetricDataQuery {
  const { dimensions } = TUNNEL_METRICS
  return {
    Id: id,
    MetricStat: {
      Metric: {
        Namespace: place.namespace,
        MetricName: name,
        Dimensions: [
          { Name: dimensions.cluster, Value: place.cluster },
          { Name: dimensions.service, Value: place.service },
        ],
      },
      Period: PERIOD_SECONDS,
      Stat: stat,
    },
  }
}
