import { z } from 'zod'
import type { Failure } from '../errors/app-error.ts'

/**
 * What travels between a face and the bridge, as JSON:
 *
 *   face ──▶ bridge   {id, call, args}
 *   face ◀── bridge   {id, ok: true, result} | {id, ok: false, error}     one answer to each call, in any order
 *   face ◀── bridge   {event, payload}                                   whenever there is news
 */
const id = z.int().nonnegative()

/** A failure of a newer bridge may have a code that this side does not know yet. */
export type WireFailure = Omit<Failure, 'code' | 'cause'> & {
  readonly code: string
  readonly cause?: WireFailure | undefined
}

const failureSchema: z.ZodType<WireFailure> = z.object({
  code: z.string(),
  message: z.string(),
  recovery: z.enum(['automatic', 'user', 'never']),
  remedy: z.string(),
  cause: z.lazy(() => failureSchema).optional(),
})

/** The name is checked by whoever answers, so that a wrong one gets an answer. */
export const requestSchema = z.strictObject({
  id,
  call: z.unknown().optional(),
  args: z.unknown().optional(),
})
export type Request = z.infer<typeof requestSchema>

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ id, ok: z.literal(true), result: z.unknown().optional() }),
  z.object({ id, ok: z.literal(false), error: failureSchema }),
])
export type Answer = z.infer<typeof answerSchema>

const eventSchema = z.object({ event: z.string(), payload: z.unknown() })
export type EventMessage = z.infer<typeof eventSchema>

export const fromBridgeSchema = z.union([answerSchema, eventSchema])
