import type { Socket } from 'node:net'
import type { AppError } from '../../../shared/errors/app-error.ts'
import { closeInStages } from '../close-in-stages.ts'
import { rawErrorAnswer } from './error-answer.ts'

/** Answers on a connection that is no longer read as HTTP, and closes it. @param restMs see {@link closeInStages}. */
export function refuseRaw(socket: Socket, error: AppError, restMs: number, accept?: string): void {
  socket.write(rawErrorAnswer(error, accept))
  closeInStages(socket, restMs)
}
