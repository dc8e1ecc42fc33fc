/**
 * Metrics that a tunnel server publishes to CloudWatch and that putting it to sleep is judged by. Only bytes and
 * requests of authorised agents count: neither handshakes, nor port scans, nor keepalives.
 */
export const TUNNEL_METRICS = {
  namespace: 'Sovereign/Tunnel',
  /** Both are set from the environment of an ECS task: ECS_CLUSTER_NAME and ECS_SERVICE_NAME. */
  dimensions: { cluster: 'ClusterName', service: 'ServiceName' },
  /** Gauge. */
  activeConnections: 'ActiveConnections',
  /** Since the last report, both directions together. */
  bytes: 'BytesTransferred',
  /** Streams opened since the last report. */
  requests: 'Requests',
} as const
