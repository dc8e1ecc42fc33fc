import type { Ambient } from '../node/ambient.ts'
import { TUNNEL_METRICS } from '../shared/protocol/tunnel-metrics.ts'
import type { Meters } from './meters.ts'

export interface CloudWatchOptions {
  readonly namespace: string
  readonly serviceName: string
  readonly clusterName: string
  readonly intervalMs: number
  /** Takes one line without its end; CloudWatch Logs reads what a container prints. */
  readonly write: (line: string) => void
}

/**
 * Metrics as log lines in the embedded metric format, so that the server needs no right and no key to send them:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * Names and dimensions are those by which the sleep function looks for them.
 *
 * @returns what ends it, with the last figures.
 */
export function emitCloudWatch(
  { clusterName, intervalMs, namespace, serviceName, write }: CloudWatchOptions,
  meters: Meters,
  ambient: Pick<Ambient, 'now'>,
): () => void {
  let before = { bytes: 0, streams: 0 }
  const { activeConnections, bytes, dimensions, requests } = TUNNEL_METRICS
  const emit = (): void => {
    const total = meters.bytesIn + meters.bytesOut
    const values = {
      [activeConnections]: meters.connections,
      [bytes]: total - before.bytes,
      [requests]: meters.streamsTotal - before.streams,
      // What the first version of the sleep function looks at.
      LastActivityEpochSeconds: Math.floor(meters.lastActivityAt / 1000),
    }
    before = { bytes: total, streams: meters.streamsTotal }
    const metric = {
      Namespace: namespace,
      Dimensions: [[dimensions.service, dimensions.cluster]],
      Metrics: Object.keys(values).map((name) => ({ Name: name, Unit: UNITS[name] ?? 'Count' })),
    }
    const meta = { Timestamp: ambient.now(), CloudWatchMetrics: [metric] }
    const place = { [dimensions.service]: serviceName, [dimensions.cluster]: clusterName }
    write(JSON.stringify({ _aws: meta, ...place, ...values }))
  }
  const timer = setInterval(emit, intervalMs)
  timer.unref()
  emit()
  let hasEnded = false
  return () => {
    if (hasEnded) return
    hasEnded = true
    clearInterval(timer)
    emit()
  }
}

const UNITS: Readonly<Record<string, string>> = {
  LastActivityEpochSeconds: 'Seconds',
  [TUNNEL_METRICS.bytes]: 'Bytes',
}
