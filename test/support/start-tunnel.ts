import {
  createMtlsEgress,
  type MtlsEgress,
  type MtlsEgressOptions,
} from '../../src/main/egress/mtls/mtls-egress.ts'
import { createAddressPolicy } from '../../src/node/address-policy/address-policy.ts'
import { dial } from '../../src/node/address-policy/dial.ts'
import type { Lookup } from '../../src/node/address-policy/lookups.ts'
import { REAL_AMBIENT } from '../../src/node/ambient.ts'
import { createLogger, type Logger, recentLogLines } from '../../src/node/log.ts'
import { resetWhenDestroyed } from '../../src/node/reset-socket.ts'
import type { TunnelState } from '../../src/shared/state/egress.ts'
import type { Dial } from '../../src/tunnel-server/serve-context.ts'
import {
  startTunnelServer,
  type TunnelServer,
  type TunnelServerOptions,
} from '../../src/tunnel-server/server.ts'
import { makeOwnCerts, type OwnCerts } from './make-certs.ts'

export const SERVER_NAME = 'sovereign-tunnel-server'
export const AGENT_RULE = 'sovereign://agent/*'

export interface TunnelCerts {
  readonly authority: OwnCerts
  readonly ca: string
  readonly crl: string
  readonly server: { readonly cert: string; readonly key: string }
  readonly agent: { readonly cert: string; readonly key: string }
}

/** One authority, a server and the agent "laptop". */
export async function makeTunnelCerts(teardown: (close: () => Promise<void>) => void): Promise<TunnelCerts> {
  const authority = await makeOwnCerts(teardown)
  const server = await authority.issue(SERVER_NAME, { kind: 'server' })
  const agent = await authority.issue('laptop')
  return { authority, ca: authority.ca, crl: authority.crl, server, agent }
}

/** Reaches this machine, which no server does unless it is told. */
export function dialLoopback(names: { readonly lookup?: Lookup } = {}): Dial {
  const policy = createAddressPolicy(['127.0.0.0/8', '::1'])
  return async (target, signal) => resetWhenDestroyed(await dial(target, { policy, ...names }, signal))
}

export interface TestServer extends TunnelServer {
  readonly log: Logger
  /** Of what it logged, the messages. */
  logged(): readonly string[]
}

export async function startTestServer(
  certs: TunnelCerts,
  more: Partial<TunnelServerOptions> = {},
): Promise<TestServer> {
  const log = createLogger('tunnel-server', 'silent')
  const server = await startTunnelServer({
    host: '127.0.0.1',
    port: 0,
    tls: { ca: certs.ca, ...certs.server },
    readAllow: async () => [AGENT_RULE],
    dial: dialLoopback(),
    ambient: REAL_AMBIENT,
    log,
    ...more,
  })
  return {
    log,
    meters: server.meters,
    get host() {
      return server.host
    },
    get port() {
      return server.port
    },
    get healthPort() {
      return server.healthPort
    },
    get ownListeners() {
      return server.ownListeners
    },
    reload: () => server.reload(),
    close: (drainMs) => server.close(drainMs),
    logged: () => recentLogLines(log).map((line) => String((JSON.parse(line) as { msg: string }).msg)),
  }
}

/** Names of those that connected, in their order. */
export function agentsOf({ log }: TestServer): string[] {
  return recentLogLines(log)
    .map((line) => JSON.parse(line) as { msg: string; agent?: string })
    .filter(({ msg }) => msg === 'an agent connected')
    .map(({ agent = '' }) => agent.replace('sovereign://agent/', ''))
}

export interface TestAgent {
  readonly egress: MtlsEgress
  readonly states: readonly TunnelState[]
}

export function makeTestAgent(
  certs: TunnelCerts,
  server: { readonly port: number },
  more: Partial<MtlsEgressOptions> = {},
): TestAgent {
  const states: TunnelState[] = []
  const egress = createMtlsEgress({
    server: async () => ({ host: '127.0.0.1', port: server.port }),
    serverName: SERVER_NAME,
    tls: { ca: certs.ca, ...certs.agent },
    protocol: 'h2',
    ambient: REAL_AMBIENT,
    log: createLogger('tunnel-agent', 'silent'),
    onState: (state) => states.push(state),
    ...more,
  })
  return { egress, states }
}
