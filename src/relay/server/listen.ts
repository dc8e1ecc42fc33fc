import { once } from 'node:events'
import type { Server } from 'node:http'
import { freePortNear, holderText, portHolder } from '../../node/port-holder.ts'
import { AppError } from '../../shared/errors/app-error.ts'

/** @throws AppError `port.taken`, `port.forbidden` */
export async function listenOn(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    throw await listenError(error as NodeJS.ErrnoException, host, port)
  }
}

async function listenError(error: NodeJS.ErrnoException, host: string, port: number): Promise<Error> {
  if (error.code === 'EADDRINUSE') return await portTaken(error, host, port)
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL')
    return new AppError('port.forbidden', `This user may not listen on ${host}:${port}.`, { cause: error })
  return error
}

async function portTaken(cause: Error, host: string, port: number): Promise<AppError> {
  const [holder, free] = await Promise.all([portHolder(host, port), freePortNear(host, port)])
  const advice = 'Stop that program, or choose another port with --port or relay.port'
  return new AppError('port.taken', `${host}:${port} is taken by ${holderText(holder)}.`, {
    cause,
    remedy: free === undefined ? `${advice}.` : `${advice}; ${free} is free.`,
  })
}

/** Takes no new connections; resolves when the open ones are gone. */
export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve())
    else resolve()
  })
}
