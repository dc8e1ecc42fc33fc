import { AppError, toFailure } from '../errors/app-error.ts'
import {
  BRIDGE_CALLS,
  BRIDGE_EVENTS,
  type BridgeApi,
  type CallName,
  type EventName,
  isCallName,
} from './calls.ts'
import { type Answer, type EventMessage, type Request, requestSchema } from './envelope.ts'
import type { MessagePortLike } from './port.ts'
import type { PreloadAnswer } from './preload-api.ts'

export interface ServeOptions {
  /** Calls of one face that may be under way at the same time. */
  readonly maxPendingCalls?: number
  /** Told of what is no expected failure; the face learns only that there was one. */
  readonly onBug?: (error: unknown, call: CallName) => void
}

export const MAX_PENDING_CALLS = 64
const EVENT_NAMES = Object.keys(BRIDGE_EVENTS) as EventName[]

/**
 * Answers the calls that come through a port and sends it the events, until the port closes. A slow reader gets
 * the newest payload of each event and never those in between, so that it costs one payload of memory.
 *
 * @returns a function that lets go of the port without closing it.
 */
export function serveApi(api: BridgeApi, port: MessagePortLike, options: ServeOptions = {}): () => void {
  const { maxPendingCalls = MAX_PENDING_CALLS } = options
  let isEnded = false
  let pendingCalls = 0
  const events = eventSender(port)

  async function answer(request: Request): Promise<void> {
    pendingCalls += 1
    const isTooMany = pendingCalls > maxPendingCalls
    const reply = await answerCall(api, request.call, request.args, { isTooMany, ...options })
    pendingCalls -= 1
    if (!isEnded) events.send({ id: request.id, ...reply })
  }

  const offs = [
    port.onMessage((message) => {
      const { data: request } = requestSchema.safeParse(message)
      if (request !== undefined) void answer(request)
      // There is no id to answer to.
      else port.close(new AppError('api.malformed', 'A message is not {id, call, args}.'))
    }),
    port.onDrain(events.flush),
    port.onClose(end),
    ...EVENT_NAMES.map((event) => api.on(event, (payload) => events.publish(event, payload))),
  ]
  function end(): void {
    if (isEnded) return
    isEnded = true
    for (const off of offs) off()
  }
  return end
}

/** The answer to one call of a face, whatever it asks; never rejects. */
export async function answerCall(
  api: BridgeApi,
  call: unknown,
  args: unknown,
  { isTooMany = false, onBug }: Pick<ServeOptions, 'onBug'> & { readonly isTooMany?: boolean } = {},
): Promise<PreloadAnswer> {
  try {
    if (isTooMany) throw new AppError('api.busy', 'Too many calls are under way.')
    return { ok: true, result: await perform(api, call, args) }
  } catch (error) {
    if (!(error instanceof AppError) && isCallName(call)) onBug?.(error, call)
    return { ok: false, error: toFailure(error) }
  }
}

async function perform(api: BridgeApi, call: unknown, args: unknown): Promise<unknown> {
  if (!isCallName(call)) {
    throw new AppError('api.unknown-call', `There is no call ${JSON.stringify(call)?.slice(0, 100)}.`)
  }
  const parsed = BRIDGE_CALLS[call].args.safeParse(args ?? {})
  if (!parsed.success) {
    // Names of fields and kinds of values only: the values may be passwords.
    const mistakes = parsed.error.issues
      .slice(0, 5)
      .map(({ path, message }) => `${['args', ...path].join('.')}: ${message}`.slice(0, 200))
    throw new AppError('api.invalid-arguments', `${call}: ${mistakes.join('; ')}`)
  }
  const method = api[call] as (args: unknown) => Promise<unknown>
  // The schema drops what is not on the list.
  return BRIDGE_CALLS[call].result.parse(await method.call(api, parsed.data))
}

interface EventSender {
  readonly send: (message: Answer | EventMessage) => void
  readonly publish: (event: EventName, payload: unknown) => void
  readonly flush: () => void
}

function eventSender(port: MessagePortLike): EventSender {
  let isReaderSlow = false
  const newest = new Map<EventName, unknown>()
  function send(message: Answer | EventMessage): void {
    isReaderSlow = !port.send(message)
  }
  return {
    send,
    publish(event, payload) {
      if (isReaderSlow) newest.set(event, payload)
      else send({ event, payload })
    },
    flush() {
      isReaderSlow = false
      for (const [event, payload] of newest) {
        if (isReaderSlow) return
        newest.delete(event)
        send({ event, payload })
      }
    },
  }
}
