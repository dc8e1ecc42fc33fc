import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { resetSocket } from '../../node/reset-socket.ts'
import { splice } from '../../node/splice.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ForwardTarget, SshLink } from './link.ts'

/** A listener on this machine whose connections go through a link, as `ssh -L` does it. */
export interface LocalListener {
  readonly port: number
  close(): Promise<void>
}

/** @throws AppError `port.taken` or `port.forbidden`. Port 0 takes any free one. */
export async function listenLocal(
  link: Pick<SshLink, 'openChannel'>,
  address: { readonly host: string; readonly port: number },
  target: ForwardTarget,
): Promise<LocalListener> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // Reported by the splice, or nothing to tell anybody before it runs.
    socket.on('error', () => undefined)
    link.openChannel(target).then(
      (channel) => {
        if (socket.destroyed) channel.destroy()
        else void splice(socket, channel)
      },
      // A reset rather than an end: the program there must not take it for an empty answer.
      () => resetSocket(socket),
    )
  })
  server.listen(address.port, address.host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw listenError(error, address)
  }
  const bound = server.address()
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : address.port,
    close: async () => {
      const isClosed = server.listening ? once(server, 'close') : undefined
      server.close()
      for (const socket of sockets) socket.destroy()
      await isClosed
    },
  }
}

function listenError(error: unknown, { host, port }: { host: string; port: number }): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new AppError('port.taken', `Another program already listens on ${host}:${port}.`, {
        cause: error,
      })
    case 'EACCES':
    case 'EADDRNOTAVAIL':
      return new AppError('port.forbidden', `This user may not listen on ${host}:${port}.`, { cause: error })
    default:
      return error
  }
}
