import { z } from 'zod'
import type { WakeStage } from '../state/egress.ts'

/**
 * What wake, query, kill and sleep are asked and answer, at function URLs and at webhooks alike. Version 1 knows
 * neither owners nor stages; its clients are answered and its servers understood. Times are ISO 8601 in UTC.
 */
export const CONTROL_VERSION = 2

/** The stages of an ECS task in their order; `requested` is the wait for there to be one. */
export const WAKE_STAGES = [
  'requested',
  'provisioning',
  'pending',
  'activating',
  'running',
  'deactivating',
  'stopping',
  'deprovisioning',
  'stopped',
] as const satisfies readonly WakeStage[]

/** Whoever needs the server; it is stopped when the last one does no more. */
export const ownerName = z.string().regex(/^[\w.-]{1,64}$/, 'use up to 64 letters, digits, ".", "_" and "-"')

const version = z.int().positive().optional()
const count = z.int().nonnegative()
const time = z.iso.datetime({ offset: true })

/** Both may be left out; anything but the service that the function is for is refused. */
const place = { cluster_name: z.string().optional(), service_name: z.string().optional() }

export const wakeRequest = z.object({ version, owner: ownerName.optional(), ...place })
export const killRequest = z.object({ version, owner: ownerName.optional(), ...place })
export const queryRequest = z.object({ version, instance_id: z.string().optional(), ...place })
export const sleepRequest = z.object({
  ...place,
  idle_threshold_mins: z.number().positive().optional(),
  lookback_period_mins: z.number().positive().optional(),
})

export const wakeResponse = z.object({
  version,
  /** By what there was before: nothing, a running server, one on its way. */
  status: z.enum(['waking', 'scaling', 'starting']),
  instance_id: z.string(),
  desiredCount: count,
  runningCount: count,
  pendingCount: count,
  estimatedStartTime: time.optional(),
  leaseExpiresAt: time.optional(),
  message: z.string(),
})

export const queryResponse = z.object({
  version,
  status: z.enum(['negative', 'pending', 'ready']),
  stage: z.enum(WAKE_STAGES).optional(),
  public_ip: z.string().optional(),
  /** Where the tunnel listens at that address. */
  port: z.int().min(1).max(65_535).optional(),
  /** From when the server is paid for. */
  startedAt: time.optional(),
  /** When it is stopped at the latest. */
  stopsAt: time.optional(),
  message: z.string(),
})

export const killResponse = z.object({
  version,
  /** `killed` once nothing runs any more, `stopping` until then, `held` while others need the server. */
  status: z.enum(['killed', 'stopping', 'held']),
  desiredCount: count,
  /** Owners that still need the server. */
  holders: count.optional(),
  message: z.string(),
})

export const sleepResponse = z.object({
  version,
  action: z.enum(['no_change', 'scaled_down']),
  desiredCount: count,
  runningCount: count,
  avgActiveConnections: z.number(),
  idleDurationSeconds: z.number(),
  message: z.string(),
})

export const controlError = z.object({ error: z.string() })

export type WakeRequest = z.infer<typeof wakeRequest>
export type WakeResponse = z.infer<typeof wakeResponse>
export type QueryRequest = z.infer<typeof queryRequest>
export type QueryResponse = z.infer<typeof queryResponse>
export type KillRequest = z.infer<typeof killRequest>
export type KillResponse = z.infer<typeof killResponse>
export type SleepRequest = z.infer<typeof sleepRequest>
export type SleepResponse = z.infer<typeof sleepResponse>

const wrapped = z.object({ statusCode: z.int().min(100).max(599), body: z.unknown() })

export interface ControlAnswer {
  readonly status: number
  readonly body: unknown
}

/**
 * An answer as a Lambda gives it, `{statusCode, body}` with the body in JSON, or as a function URL passes it on.
 * @throws SyntaxError when a body in JSON is none.
 */
export function unwrapAnswer(status: number, answer: unknown): ControlAnswer {
  const { data } = wrapped.safeParse(answer)
  if (data === undefined) return { status, body: answer }
  const { statusCode, body } = data
  return { status: statusCode, body: typeof body === 'string' ? JSON.parse(body) : body }
}
