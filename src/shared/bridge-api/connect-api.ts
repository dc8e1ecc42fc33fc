import { AppError } from '../errors/app-error.ts'
import {
  BRIDGE_CALLS,
  BRIDGE_EVENTS,
  type BridgeApi,
  type BridgeEvents,
  type CallName,
  type EventName,
  isEventName,
} from './calls.ts'
import { type Answer, type EventMessage, fromBridgeSchema } from './envelope.ts'
import { openAnswer } from './open-answer.ts'
import type { MessagePortLike } from './port.ts'

export type BridgeConnection = BridgeApi & {
  /** Resolves with the reason when the connection has ended, from whichever side. Never rejects. */
  readonly closed: Promise<AppError>
  readonly close: () => void
}

interface PendingCall {
  readonly name: CallName
  readonly resolve: (result: unknown) => void
  readonly reject: (error: AppError) => void
}

type Listener = (payload: unknown) => void

/**
 * The bridge as seen through a port. A call rejects with the AppError that the bridge failed with, or with
 * `bridge.connection-ended` when the port closes before the answer. To follow the state, see watchState.
 */
export function connectApi(port: MessagePortLike): BridgeConnection {
  const pending = new Map<number, PendingCall>()
  const listeners = new Map<EventName, Set<Listener>>()
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<AppError>()
  let nextId = 1
  let ended: AppError | undefined

  function call(name: CallName, args: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended)
      const id = nextId++
      pending.set(id, { name, resolve, reject })
      port.send({ id, call: name, args })
    })
  }

  function end(reason: AppError | undefined): void {
    if (ended !== undefined) return
    ended = reason ?? new AppError('bridge.connection-ended', 'The connection to the bridge has ended.')
    for (const off of offs) off()
    for (const { reject } of pending.values()) reject(ended)
    pending.clear()
    listeners.clear()
    resolveClosed(ended)
  }

  function receive(message: unknown): void {
    const { data } = fromBridgeSchema.safeParse(message)
    if (data === undefined) {
      const mistake = new AppError(
        'api.malformed',
        'The bridge sent something that is no answer and no event.',
      )
      port.close(mistake)
      end(mistake)
    } else if ('event' in data) tell(listeners, data)
    else {
      const waiting = pending.get(data.id)
      pending.delete(data.id)
      if (waiting !== undefined) settle(waiting, data)
    }
  }

  function on<Name extends EventName>(
    event: Name,
    listener: (payload: BridgeEvents[Name]) => void,
  ): () => void {
    const set = listeners.get(event) ?? new Set()
    listeners.set(event, set)
    // A function of its own, so that the same listener may subscribe twice.
    const own: Listener = (payload) => listener(payload as BridgeEvents[Name])
    set.add(own)
    return () => set.delete(own)
  }

  const offs = [port.onMessage(receive), port.onClose(end)]
  const names = Object.keys(BRIDGE_CALLS) as CallName[]
  const methods = Object.fromEntries(names.map((name) => [name, (args: unknown) => call(name, args)]))
  function close(): void {
    port.close()
    end(undefined)
  }
  return { ...methods, on, closed, close } as unknown as BridgeConnection
}

function settle({ name, resolve, reject }: PendingCall, answer: Answer): void {
  try {
    resolve(openAnswer(name, answer))
  } catch (error) {
    reject(error as AppError)
  }
}

function tell(
  listeners: ReadonlyMap<EventName, ReadonlySet<Listener>>,
  { event, payload }: EventMessage,
): void {
  // A newer bridge may tell more than this face knows of.
  if (!isEventName(event) || !BRIDGE_EVENTS[event].safeParse(payload).success) return
  for (const listener of [...(listeners.get(event) ?? [])]) listener(payload)
}
