import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { freePort } from './free-port.ts'

export interface SwitchableServer {
  readonly port: number
  /** How often it was switched on. */
  readonly starts: number
  readonly isOn: boolean
  on(): Promise<void>
  off(): Promise<void>
}

/** A machine that is there only part of the time: a loopback port that answers `x` to whoever connects, or refuses. */
export async function switchableServer(): Promise<SwitchableServer> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let starts = 0
  return {
    port,
    get starts() {
      return starts
    },
    get isOn() {
      return server !== undefined
    },
    on: async () => {
      starts += 1
      server ??= createServer((socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
        socket.on('error', () => undefined)
        socket.end('x')
      })
      if (server.listening) return
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    off: async () => {
      const ending = server
      server = undefined
      if (ending === undefined) return
      ending.close()
      for (const socket of sockets) socket.destroy()
      await once(ending, 'close')
    },
  }
}
