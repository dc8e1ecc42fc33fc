import { z } from 'zod'
import { BadRequest } from './faults.ts'

export interface FunctionInput {
  /** What was asked, not yet checked. */
  readonly request: unknown
  /** Whoever signed it, as far as Lambda tells. */
  readonly caller: string
  /** Called by a schedule, where nobody reads an answer. */
  readonly isScheduled: boolean
}

const urlEvent = z.object({
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
  requestContext: z
    .object({
      authorizer: z.object({ iam: z.object({ userId: z.string().optional() }).optional() }).optional(),
    })
    .optional(),
})

/** Only what a function URL makes has one of these. */
const URL_EVENT_MARKS = ['requestContext', 'body']

/**
 * Events of function URLs, plain objects, JSON in a string or in bytes, and events of a schedule.
 * @throws BadRequest
 */
export function readEvent(event: unknown): FunctionInput {
  if (event instanceof Uint8Array) return direct(parse(Buffer.from(event).toString('utf8')))
  if (typeof event === 'string') return direct(parse(event))
  if (event === null || event === undefined) return direct({})
  if (typeof event !== 'object' || Array.isArray(event)) throw new BadRequest('Invalid request format')
  if ('detail-type' in event) return { ...direct({}), isScheduled: true }
  if (!URL_EVENT_MARKS.some((name) => name in event)) return direct(event)
  const { data } = urlEvent.safeParse(event)
  if (data === undefined) throw new BadRequest('Invalid request format')
  const { body = '', isBase64Encoded = false, requestContext } = data
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body
  return {
    request: parse(text),
    caller: principalOf(requestContext?.authorizer?.iam?.userId),
    isScheduled: false,
  }
}

function direct(request: unknown): FunctionInput {
  return { request, caller: 'direct', isScheduled: false }
}

/** Of an assumed role, the role: its session has another name every time. */
function principalOf(userId: string | undefined): string {
  return userId?.split(':')[0] ?? 'direct'
}

function parse(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new BadRequest('Invalid JSON in request body')
  }
}
