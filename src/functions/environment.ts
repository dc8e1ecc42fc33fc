import { z } from 'zod'
import { TUNNEL_METRICS } from '../shared/protocol/tunnel-metrics.ts'
import { ENVIRONMENT } from './names.ts'

/** What a function is told by its environment. */
export interface FunctionEnvironment {
  readonly cluster: string
  readonly service: string
  /** Where the tunnel server listens. */
  readonly port: number
  readonly metricsNamespace: string
  readonly idleMs: number
  /** A server is stopped after this time whatever it does; leases live no longer either. */
  readonly maxLifetimeMs: number
}

const MINUTE_MS = 60_000

const minutes = (defaultMinutes: number) =>
  z.coerce
    .number()
    .positive()
    .default(defaultMinutes)
    .transform((value) => value * MINUTE_MS)

const variables = z.object({
  [ENVIRONMENT.cluster]: z.string().min(1),
  [ENVIRONMENT.service]: z.string().min(1),
  [ENVIRONMENT.port]: z.coerce.number().int().min(1).max(65_535).default(8443),
  [ENVIRONMENT.metricsNamespace]: z.string().min(1).default(TUNNEL_METRICS.namespace),
  [ENVIRONMENT.idleMinutes]: minutes(15),
  [ENVIRONMENT.maxLifetimeMinutes]: minutes(12 * 60),
})

/** @throws Error naming the variables that are missing or wrong. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): FunctionEnvironment {
  const { data, error } = variables.safeParse(env)
  if (error !== undefined) {
    const names = [...new Set(error.issues.map(({ path }) => String(path[0])))]
    throw new Error(`The function is not set up: check ${names.join(', ')} in its environment.`)
  }
  return {
    cluster: data[ENVIRONMENT.cluster],
    service: data[ENVIRONMENT.service],
    port: data[ENVIRONMENT.port],
    metricsNamespace: data[ENVIRONMENT.metricsNamespace],
    idleMs: data[ENVIRONMENT.idleMinutes],
    maxLifetimeMs: data[ENVIRONMENT.maxLifetimeMinutes],
  }
}
