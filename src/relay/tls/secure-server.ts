import type { Server } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Logger } from '../../node/log.ts'
import { createTlsServer, type Handle } from '../server/http-server.ts'
import { answerPlainHttp } from './plain-http.ts'
import type { ServerCertificate } from './server-certificate.ts'

/** Time for a client to finish its handshake. */
const HANDSHAKE_MS = 10_000

/** An HTTPS server whose certificate can change under it; connections that are open stay as they are. */
export function createSecureServer(handle: Handle, certificate: ServerCertificate, log: Logger): Server {
  const server = createTlsServer(handle, {
    ...certificate.context,
    requestCert: certificate.asksClients,
    rejectUnauthorized: true,
    handshakeTimeout: HANDSHAKE_MS,
    ALPNProtocols: ['http/1.1'],
  })
  certificate.onRenewed((context) => server.setSecureContext(context))
  server.on('tlsClientError', (error: NodeJS.ErrnoException, connection: TLSSocket) => {
    const reason = String(connection.authorizationError ?? error.code ?? error.message)
    log.info({ from: connection.remoteAddress, reason }, 'a TLS handshake failed')
  })
  answerPlainHttp(server, HANDSHAKE_MS)
  return server
}
