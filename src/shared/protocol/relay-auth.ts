import { z } from 'zod'

/** Sign-in at a relay: `POST /auth/device`, `/auth/poll`, `/auth/status`, `/auth/token`. */
export const startedFlowSchema = z.object({
  success: z.literal(true),
  user_code: z.string(),
  verification_uri: z.string(),
  flow_id: z.string(),
  /** Seconds. */
  expires_in: z.number(),
  /** Seconds between polls, as GitHub wants them; the relay may be asked more often. */
  interval: z.number(),
  message: z.string(),
})
export type StartedFlow = z.infer<typeof startedFlowSchema>

export const flowStatusSchema = z.object({
  status: z.enum(['pending', 'success', 'expired', 'denied', 'error']),
  message: z.string(),
  code: z.string().optional(),
  retry_after_ms: z.number().optional(),
})
export type FlowStatus = z.infer<typeof flowStatusSchema>

/** `POST /auth/openrouter/start`; the browser comes back to the callback with `?code=`. */
export const startOpenrouterSchema = z.object({ callback_url: z.string().max(500) })
export const startedOpenrouterSchema = z.object({
  url: z.url(),
  flow_id: z.string(),
  /** Seconds. */
  expires_in: z.number(),
})
export type StartedOpenrouterFlow = z.infer<typeof startedOpenrouterSchema>

/** `POST /auth/openrouter/finish`; answers with the status. */
export const finishOpenrouterSchema = z.object({ flow_id: z.string(), code: z.string().min(1).max(2000) })

/** A sign-in that waits for its code to be typed at GitHub; times are seconds. */
export const runningFlowSchema = z.object({
  flow_id: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  /** From now. */
  expires_in: z.number(),
  /** What it had at its start. */
  expires_after: z.number(),
  interval: z.number(),
})
export type RunningFlow = z.infer<typeof runningFlowSchema>

const upstreamStatus = z.object({
  authenticated: z.boolean(),
  /** Why not, or what went wrong last. */
  problem: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
})

export const authStatusSchema = z.object({
  /** Whether there is a Copilot sign-in. */
  authenticated: z.boolean(),
  message: z.string(),
  /** Only with admin rights. */
  copilot: upstreamStatus.extend({ identity: z.string(), route: z.string() }).optional(),
  openrouter: upstreamStatus.optional(),
  /** The newest one that has not ended, so that a page that was closed can go on with it. Only with admin rights. */
  signing_in: runningFlowSchema.optional(),
  /** Set when the last change could not be written to config.json. */
  unsaved: z.string().optional(),
})
export type AuthStatus = z.infer<typeof authStatusSchema>

/** `GET /health`: cheap, without secrets, no upstream is asked. */
export const healthSchema = z.looseObject({
  status: z.literal('ok'),
  relay: z.literal('sovereign-bridge'),
  version: z.string(),
  authenticated: z.boolean(),
  /** Whether each has a credential, or needs none. Providers of config.json stand here by their names. */
  upstreams: z.object({ copilot: z.boolean(), openrouter: z.boolean() }).catchall(z.boolean()),
  /** Upstreams that were not to be reached a moment ago and are asked last for a while. */
  coolingDown: z.array(z.string()).optional(),
  /** Requests on their way right now. */
  active: z.number().optional(),
  /** Seconds. */
  uptime: z.number().optional(),
  /** ISO 8601; where the relay speaks TLS. */
  certificateExpires: z.string().optional(),
})
export type Health = z.infer<typeof healthSchema>
