import type { WebSocket } from 'ws'
import type { MessagePortLike } from '../../shared/bridge-api/port.ts'
import { AppError } from '../../shared/errors/app-error.ts'

/** Above this, the reader counts as slow and events are held back. */
const HIGH_WATER_BYTES = 256 * 1024
/**
 * Answers cannot be held back; who calls and does not read is cut off here. Room for two of the longest answers
 * there are: a month with ten thousand models is 15 MiB, and more calls are under way beside it.
 */
const MAX_BACKLOG_BYTES = 32 * 1024 * 1024
/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000
const POLICY_VIOLATION = 1008

export interface WebSocketPortOptions {
  readonly highWaterBytes?: number
  readonly maxBacklogBytes?: number
}

/** A WebSocket as a port: one JSON text per message. Anything else that arrives ends the connection. */
export function webSocketPort(socket: WebSocket, options: WebSocketPortOptions = {}): MessagePortLike {
  const { highWaterBytes = HIGH_WATER_BYTES, maxBacklogBytes = MAX_BACKLOG_BYTES } = options
  const messageListeners = new Set<(message: unknown) => void>()
  const drainListeners = new Set<() => void>()
  const closeListeners = new Set<(reason: AppError | undefined) => void>()
  let isBackedUp = false
  let reason: AppError | undefined

  function onSent(): void {
    if (!isBackedUp || socket.bufferedAmount > highWaterBytes || socket.readyState !== socket.OPEN) return
    isBackedUp = false
    for (const listener of [...drainListeners]) listener()
  }

  function send(message: unknown): boolean {
    if (socket.readyState !== socket.OPEN) return true
    // What waits already is a backlog; what comes now is not.
    if (socket.bufferedAmount > maxBacklogBytes) {
      reason ??= new AppError('bridge.connection-ended', 'The other side does not read what it asked for.')
      socket.terminate()
      return true
    }
    socket.send(JSON.stringify(message), onSent)
    if (socket.bufferedAmount > highWaterBytes) isBackedUp = true
    return !isBackedUp
  }

  function close(why?: AppError): void {
    reason ??= why
    // A reason is at most 123 bytes long; the code says enough.
    socket.close(why === undefined ? NORMAL : POLICY_VIOLATION, why?.code)
  }

  socket.on('message', (data, isBinary) => {
    const message = isBinary ? undefined : parseJson(String(data))
    if (message === undefined) close(new AppError('api.malformed', 'A message is not JSON text.'))
    else for (const listener of [...messageListeners]) listener(message)
  })
  // Oversized and broken frames end here; `close` follows and tells the listeners.
  socket.on('error', (cause) => {
    reason ??= new AppError('bridge.connection-ended', `The connection broke: ${cause.message}.`, { cause })
  })
  socket.on('close', (code, text) => {
    reason ??= closedReason(code, String(text))
    for (const listener of [...closeListeners]) listener(reason)
  })
  return {
    send,
    close,
    onMessage: (listener) => subscribe(messageListeners, listener),
    onDrain: (listener) => subscribe(drainListeners, listener),
    onClose: (listener) => subscribe(closeListeners, listener),
  }
}

function subscribe<T>(set: Set<T>, listener: T): () => void {
  set.add(listener)
  return () => set.delete(listener)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No JSON text parses to undefined.
    return undefined
  }
}

function closedReason(code: number, text: string): AppError | undefined {
  if (code === NORMAL) return undefined
  const what = CLOSE_WORDS[code] ?? `The other side closed the connection (${code}${text && ` ${text}`}).`
  return new AppError('bridge.connection-ended', what)
}

const CLOSE_WORDS: Readonly<Record<number, string>> = {
  1001: 'The bridge stopped.',
  1006: 'The connection to the bridge was cut.',
  1009: 'The other side refused a message because of its size.',
}
