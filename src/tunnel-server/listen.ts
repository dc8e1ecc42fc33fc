import { once } from 'node:events'
import type { Server } from 'node:net'
import { holderText, portHolder } from '../node/port-holder.ts'
import { AppError } from '../shared/errors/app-error.ts'

/** Connections that wait to be accepted; Node's 511 are few for a burst. The system may allow fewer. */
const BACKLOG = 4_096

/** @throws AppError `port.taken`, `port.forbidden` */
export async function listenOn(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ port, host, backlog: BACKLOG })
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      const holder = holderText(await portHolder(host, port))
      throw new AppError('port.taken', `${host}:${port} is taken by ${holder}.`, {
        cause: error,
        remedy: 'Stop that program, or choose another port in the configuration of the tunnel server.',
      })
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new AppError('port.forbidden', `This user may not listen on ${host}:${port}.`, { cause: error })
    throw error
  }
}

/** Takes no new connections; resolves when the open ones are gone. */
export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve())
    else resolve()
  })
}
