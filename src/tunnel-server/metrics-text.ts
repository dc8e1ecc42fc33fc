import type { HealthView } from './health-view.ts'

/** The Prometheus text format, version 0.0.4. */
export function metricsText({ ambient, certificateExpiresAt, maxConnections, meters }: HealthView): string {
  const lines: string[] = []
  const family = (name: string, type: 'counter' | 'gauge', help: string, value?: number): void => {
    const full = `sovereign_tunnel_${name}`
    lines.push(`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`)
    if (value !== undefined) lines.push(`${full} ${value}`)
  }
  family('connections', 'gauge', 'Agents that are connected.', meters.connections)
  family('connections_max', 'gauge', 'Agents that may be connected.', maxConnections)
  family('connections_total', 'counter', 'Agents that were let in.', meters.connectionsTotal)
  family('handshakes_refused_total', 'counter', 'Connections that were not let in, by reason.')
  for (const [reason, count] of meters.refused)
    lines.push(`sovereign_tunnel_handshakes_refused_total{reason="${reason}"} ${count}`)
  family('streams', 'gauge', 'Streams that are open.', meters.streams)
  family('streams_total', 'counter', 'Streams that agents asked for.', meters.streamsTotal)
  family('streams_refused_total', 'counter', 'Streams that were refused or failed.', meters.streamsRefused)
  family('received_bytes_total', 'counter', 'Bytes that agents sent to hosts.', meters.bytesIn)
  family('sent_bytes_total', 'counter', 'Bytes that hosts sent to agents.', meters.bytesOut)
  family('last_activity_seconds', 'gauge', 'Unix time of the last traffic.', meters.lastActivityAt / 1000)
  family('uptime_seconds', 'gauge', 'Since the start.', (ambient.now() - meters.startedAt) / 1000)
  family(
    'certificate_expires_seconds',
    'gauge',
    'Unix time at which the certificate of the server expires.',
    certificateExpiresAt() / 1000,
  )
  return `${lines.join('\n')}\n`
}
