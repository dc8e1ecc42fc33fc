// Names that the functions and whatever deploys them have to agree on. No imports: the CDK app reads this file too.

/** Environment variables of the functions. */
export const ENVIRONMENT = {
  cluster: 'ECS_CLUSTER_NAME',
  service: 'ECS_SERVICE_NAME',
  port: 'TUNNEL_PORT',
  metricsNamespace: 'METRICS_NAMESPACE',
  idleMinutes: 'IDLE_THRESHOLD_MINS',
  maxLifetimeMinutes: 'MAX_LIFETIME_MINS',
} as const

/**
 * Leases are tags of the ECS service, one for each owner. They need no store of their own and no right beyond the
 * service itself, one owner's tag is written without reading the others', and the console shows them.
 */
export const LEASE_TAG = 'sovereign:lease:'

/** Since when the service is wanted, so that its lifetime is known however often its task is replaced. */
export const AWAKE_TAG = 'sovereign:awake-since'
