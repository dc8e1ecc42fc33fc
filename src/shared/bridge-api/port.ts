import type { AppError } from '../errors/app-error.ts'

/**
 * One end of a connection that carries plain JSON values in order: a WebSocket, Electron's IPC, or a pair in
 * memory. Every `on…` returns its unsubscribe function.
 */
export interface MessagePortLike {
  /**
   * Never throws; what is sent after the end is lost, and the end itself is told by `onClose`.
   *
   * @returns false when the other side reads slowly: hold back what can wait until `onDrain` calls.
   */
  send(message: unknown): boolean
  onMessage(listener: (message: unknown) => void): () => void
  onDrain(listener: () => void): () => void
  /** Calls once, with the reason where there is one. */
  onClose(listener: (reason: AppError | undefined) => void): () => void
  /** Ends the connection; may be called again. The reason is meant for the other side. */
  close(reason?: AppError): void
}
