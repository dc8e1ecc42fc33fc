import type { MessagePortLike } from '../../shared/bridge-api/port.ts'
import { AppError } from '../../shared/errors/app-error.ts'

/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000
const GOING_AWAY = 1001

/** A browser's WebSocket as a port: one JSON text per message. What is sent before it opens waits. */
export function browserPort(socket: WebSocket): MessagePortLike {
  const waiting: string[] = []
  const ended = new AbortController()
  const { signal } = ended

  socket.addEventListener(
    'open',
    () => {
      for (const text of waiting.splice(0)) socket.send(text)
    },
    { signal },
  )

  return {
    send(message) {
      const text = JSON.stringify(message)
      if (socket.readyState === WebSocket.CONNECTING) waiting.push(text)
      else if (socket.readyState === WebSocket.OPEN) socket.send(text)
      // A page sends a few small calls; it never has anything to hold back.
      return true
    },
    onMessage(listener) {
      return listen(socket, 'message', ({ data }: MessageEvent) => listener(parsed(data)))
    },
    onDrain: () => () => {},
    onClose(listener) {
      return listen(socket, 'close', ({ code }: CloseEvent) => listener(closedReason(code)))
    },
    close() {
      ended.abort()
      socket.close(NORMAL)
    },
  }
}

function listen<Name extends 'message' | 'close'>(
  socket: WebSocket,
  name: Name,
  listener: (event: WebSocketEventMap[Name]) => void,
): () => void {
  socket.addEventListener(name, listener)
  return () => socket.removeEventListener(name, listener)
}

function parsed(data: unknown): unknown {
  try {
    return JSON.parse(String(data))
  } catch {
    // No JSON text parses to undefined; the connection refuses it.
    return undefined
  }
}

function closedReason(code: number): AppError | undefined {
  if (code === NORMAL) return undefined
  const what = code === GOING_AWAY ? 'The bridge stopped.' : 'The connection to the bridge was cut.'
  return new AppError('bridge.connection-ended', what)
}
