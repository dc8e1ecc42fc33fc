import type { Socket } from 'node:net'
import type { AppError } from '../../../shared/errors/app-error.ts'
import { closeGently } from '../refuse.ts'
import { rawErrorAnswer } from './error-answer.ts'

/** Answers on a connection that is no longer read as HTTP, and closes it. */
export function refuseRaw(socket: Socket, error: AppError, accept?: string): void {
  socket.end(rawErrorAnswer(error, accept))
  closeGently(socket)
}
