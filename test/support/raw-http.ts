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

/** Sends a request, ends its side at once and gives back all that comes. */
export async function halfClosed(port: number, request: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.end(request)
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

/** A streamed chat. */
export const CHAT_BODY = JSON.stringify({
  model: 'gpt-4.1',
  stream: true,
  messages: [{ role: 'user', content: 'hi' }],
})
export const CHAT_REQUEST = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${CHAT_BODY.length}\r\n\r\n${CHAT_BODY}`
