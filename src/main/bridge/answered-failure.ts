import { z } from 'zod'
import { type AppError, fromFailure } from '../../shared/errors/app-error.ts'

const explanation = z.object({ code: z.string(), message: z.string().optional(), remedy: z.string() })
const failureSchema = z.object({
  /** From the relay. */
  relay: explanation.optional(),
  /** From a bridge that could not reach it. */
  bridge: explanation.optional(),
  error: z.object({ message: z.string() }).optional(),
})

/** The failure that a relay, or a bridge on the way to it, has answered with. */
export function answeredFailure(body: unknown, otherwise: string): AppError | undefined {
  const { relay, bridge, error } = failureSchema.safeParse(body).data ?? {}
  const found = relay ?? bridge
  if (found === undefined) return undefined
  const { code, remedy } = found
  return fromFailure({
    code,
    message: found.message ?? error?.message ?? otherwise,
    remedy,
    recovery: 'never',
  })
}
