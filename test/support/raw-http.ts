import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Sends bytes to a loopback port as they are and gives back all that comes until the connection ends. */
export async function rawHttp(port: number, request: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  // A server that cuts an upload off resets the connection; what it said before still counts.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(request)
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(pieces).toString('latin1')
}

/** A connection whose bytes the test reads when it likes. */
export async function openRaw(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}
