import { createServer } from 'node:net'
import { createMtlsEgress } from '../../src/main/egress/mtls/mtls-egress.ts'
import { REAL_AMBIENT } from '../../src/node/ambient.ts'
import { createLogger } from '../../src/node/log.ts'
import { splice } from '../../src/node/splice.ts'

/**
 * The agent's end of a tunnel for bench/tunnel.ts, as its own process: every connection to the port that it prints
 * becomes a stream to one host, as with stunnel. PROTOCOL SERVER-PORT HOST-PORT CA CERT KEY
 */
const [protocol, serverPort, hostPort, ca = '', cert = '', key = ''] = process.argv.slice(2)

const egress = createMtlsEgress({
  server: async () => ({ host: '127.0.0.1', port: Number(serverPort) }),
  serverName: 'sovereign-tunnel-server',
  tls: { ca, cert, key },
  protocol: protocol === 'envelopes' ? 'envelopes' : 'h2',
  ambient: REAL_AMBIENT,
  log: createLogger('agent', 'warn'),
  onState: () => undefined,
})
const target = { host: '127.0.0.1', port: Number(hostPort) }

const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
  socket.on('error', () => undefined)
  egress.connect(target, new AbortController().signal).then(
    (stream) => {
      stream.on('error', () => undefined)
      void splice(socket, stream)
    },
    (error: Error) => {
      console.error(error.message)
      socket.destroy()
    },
  )
})
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log((server.address() as { port: number }).port)
})
