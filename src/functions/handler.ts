import type { z } from 'zod'
import { createForgetfulLogger, type Logger } from '../node/log.ts'
import type { AwsAccess } from './aws/clients.ts'
import { type FunctionEnvironment, readEnvironment } from './environment.ts'
import { readEvent } from './event.ts'
import { BadRequest, ServiceMissing } from './faults.ts'

export interface FunctionAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type FunctionHandler = (event: unknown) => Promise<FunctionAnswer>

export interface FunctionTools {
  readonly access?: AwsAccess
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number
  readonly log?: Logger
}

/** What a function does with a request that has the right form. @param caller whoever signed it. */
export type Answer<Request> = (request: Request, caller: string) => Promise<unknown>

interface NamedPlace {
  readonly cluster_name?: string | undefined
  readonly service_name?: string | undefined
}

/** Reads the event, asks, and puts what comes of it into an answer with a status, never with a stack. */
export function createHandler<Request extends NamedPlace>(
  schema: z.ZodType<Request>,
  environment: FunctionEnvironment,
  answer: Answer<Request>,
  { log = createForgetfulLogger('functions', 'info') }: FunctionTools,
): FunctionHandler {
  return async (event) => {
    let isScheduled = false
    try {
      const input = readEvent(event)
      isScheduled = input.isScheduled
      const { data } = schema.safeParse(input.request)
      if (data === undefined) throw new BadRequest('Invalid request format')
      mustBeOurs(data, environment)
      const response = await answer(data, input.caller)
      log.info({ response }, 'answered')
      return reply(200, response)
    } catch (error) {
      if (error instanceof BadRequest) return reply(400, { error: error.message })
      log.error({ error: wordsOf(error) }, 'failed')
      // Nobody reads the answer to a schedule, but its alarm counts what is thrown.
      if (isScheduled) throw new Error(publicWordsOf(error))
      return reply(500, { error: publicWordsOf(error) })
    }
  }
}

/** The handler is made with the first event, so that a wrong environment is answered in words too. */
export function lazyHandler(make: (environment: FunctionEnvironment) => FunctionHandler): FunctionHandler {
  let handler: FunctionHandler | undefined
  return async (event) => {
    try {
      handler ??= make(readEnvironment(process.env))
    } catch (error) {
      return reply(500, { error: error instanceof Error ? error.message : wordsOf(error) })
    }
    return await handler(event)
  }
}

function mustBeOurs(request: NamedPlace, { cluster, service }: FunctionEnvironment): void {
  if ((request.cluster_name ?? cluster) !== cluster || (request.service_name ?? service) !== service)
    throw new BadRequest('Invalid request format')
}

function reply(statusCode: number, body: unknown): FunctionAnswer {
  return { statusCode, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/** What AWS says in its messages may name accounts and roles; its error codes do not. */
function publicWordsOf(error: unknown): string {
  if (error instanceof ServiceMissing) return error.message
  return error instanceof Error
    ? `AWS did not do what it was asked: ${error.name}.`
    : 'Something unexpected happened.'
}
