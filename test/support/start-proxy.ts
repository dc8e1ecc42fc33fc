import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type Agent, startAgent } from '../../src/main/agent/agent.ts'
import { pacFile } from '../../src/main/agent/proxy/pac.ts'
import { createProxy, type Proxy as HttpProxy, type ProxyOptions } from '../../src/main/agent/proxy/proxy.ts'
import { DirectEgress } from '../../src/main/egress/direct/direct-egress.ts'
import type { Egress } from '../../src/main/egress/egress.ts'
import { createAddressPolicy } from '../../src/node/address-policy/address-policy.ts'
import { REAL_AMBIENT } from '../../src/node/ambient.ts'
import { createLogger } from '../../src/node/log.ts'
import { waitUntil } from './start-sshd.ts'

export interface StartedProxy {
  readonly port: number
  readonly url: string
  readonly agent: Agent
  readonly proxy: HttpProxy
}

export interface StartProxyOptions extends Partial<ProxyOptions> {
  readonly egress?: Egress
  readonly allow?: readonly string[]
  readonly bypass?: readonly string[]
  readonly headTimeoutMs?: number
  readonly onRelayConnection?: (socket: Socket) => void
  /** Registers the teardown; that of the running test unless told. */
  readonly teardown?: (close: () => Promise<void>) => void
}

const ALL_PORTS = Array.from({ length: 65_535 }, (_, index) => index + 1)

/** The agent as it is, with its proxy and the direct way out, which may reach loopback. */
export async function startProxy(options: StartProxyOptions = {}): Promise<StartedProxy> {
  const { allow = ['127.0.0.0/8', '::1'], bypass = [], teardown = onTestFinished } = options
  const log = options.log ?? createLogger('test', 'silent')
  let port = 0
  const ownListeners = () => [{ address: '127.0.0.1', port }]
  const egress = options.egress ?? new DirectEgress({ policy: createAddressPolicy(allow), ownListeners })
  const proxy = createProxy({
    choose: () => egress,
    ownListeners,
    connectPorts: ALL_PORTS,
    ambient: REAL_AMBIENT,
    log,
    ...options,
  })
  const agent = startAgent({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    onRelayConnection:
      options.onRelayConnection ??
      ((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nrelay')),
    proxy: {
      handle: (socket, bytes) => proxy.handle(socket, bytes),
      pacFor: (authority) => pacFile(authority, bypass),
      health: () => ({ status: 'ok' }),
    },
    ambient: REAL_AMBIENT,
    log,
    ...(options.headTimeoutMs === undefined ? {} : { headTimeoutMs: options.headTimeoutMs }),
  })
  teardown(async () => {
    proxy.close()
    await Promise.all([agent.close(), egress.close(0)])
  })
  await waitUntil(() => agent.state.phase === 'listening', 10_000, 2)
  if (agent.state.phase !== 'listening') throw new Error('The proxy does not listen.')
  port = Number(agent.state.address.slice(agent.state.address.lastIndexOf(':') + 1))
  return { port, url: `http://127.0.0.1:${port}`, agent, proxy }
}

/** A server of bytes on a free port, which ends with the test. */
export async function startBytes(
  welcome: (socket: Socket) => void,
  host = '127.0.0.1',
): Promise<{ readonly port: number; readonly sockets: readonly Socket[]; readonly server: Server }> {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    welcome(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, sockets, server }
}

export interface ScriptedHost {
  readonly port: number
  /** What arrived, one string per connection. */
  readonly heard: string[]
  readonly sockets: readonly Socket[]
}

/** Answers each request head that arrives with the next of these, byte for byte; the last one over and over. */
export async function startScripted(...answers: readonly (string | Buffer)[]): Promise<ScriptedHost> {
  const heard: string[] = []
  let next = 0
  const { port, sockets } = await startBytes((socket) => {
    const index = heard.push('') - 1
    let rest = ''
    socket.on('end', () => socket.end())
    socket.on('data', (bytes: Buffer) => {
      heard[index] += bytes.toString('latin1')
      rest += bytes.toString('latin1')
      for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
        rest = rest.slice(end + 4)
        socket.write(answers[Math.min(next, answers.length - 1)] ?? '', 'latin1')
        next += 1
      }
    })
  })
  return { port, heard, sockets }
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
