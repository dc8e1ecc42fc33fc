import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A piece of network between two programs that can go wrong. */
export interface TcpProxy {
  readonly port: number
  /** Resets every connection. */
  cut(): void
  /** Connections stay, and nothing comes through any more. */
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

export async function startTcpProxy(target: () => number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isFrozen = false
  const pump = (from: Socket, to: Socket): void => {
    sockets.add(from)
    from
      .on('error', () => undefined)
      .once('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    from.on('data', (data: Buffer) => {
      if (!to.write(data)) from.pause()
    })
    to.on('drain', () => !isFrozen && from.resume())
    from.on('end', () => to.end())
    if (isFrozen) from.pause()
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port: target(), allowHalfOpen: true, noDelay: true })
    pump(near, far)
    pump(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    freeze: () => {
      isFrozen = true
      for (const socket of sockets) socket.pause()
    },
    thaw: () => {
      isFrozen = false
      for (const socket of sockets) socket.resume()
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
