import type { Server } from 'node:http'
import { AppError } from '../../shared/errors/app-error.ts'

/** @throws AppError `port.taken`, `port.forbidden` */
export function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)))
    server.listen(port, host, resolve)
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new AppError('port.taken', `${host}:${port} is taken by another program.`, { cause: error })
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL')
    return new AppError('port.forbidden', `This user may not listen on ${host}:${port}.`, { cause: error })
  return error
}

/** Takes no new connections; resolves when the open ones are gone. */
export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve())
    else resolve()
  })
}
