import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import { readPem } from './make-certs.ts'
import { SERVER_NAME, type TunnelCerts } from './start-tunnel.ts'

/** What the agent "laptop" shows in TLS, and what it wants to see. */
export async function tlsOfAgent(certs: TunnelCerts) {
  const [ca, cert, key] = await Promise.all([certs.ca, certs.agent.cert, certs.agent.key].map(readPem))
  return { ca, cert, key, servername: SERVER_NAME } satisfies ConnectionOptions
}

/** Only the handshake of an agent: what is said then is up to the test, with whose end it ends. */
export async function dialAsAgent(
  certs: TunnelCerts,
  { port }: { readonly port: number },
  more: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({ ...(await tlsOfAgent(certs)), host: '127.0.0.1', port, ...more })
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}
