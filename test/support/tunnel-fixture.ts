import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { MtlsEgressOptions } from '../../src/main/egress/mtls/mtls-egress.ts'
import type { TunnelServerOptions } from '../../src/tunnel-server/server.ts'
import {
  makeTestAgent,
  makeTunnelCerts,
  startTestServer,
  type TestAgent,
  type TestServer,
  type TunnelCerts,
} from './start-tunnel.ts'

/** What the tests of a tunnel begin with. */
export interface TunnelFixture {
  /** The same for all tests of the file; can be looked into once the first one begins. */
  readonly certs: TunnelCerts
  /** A server that ends with the test. */
  startServer(more?: Partial<TunnelServerOptions>): Promise<TestServer>
  /** An agent that ends with the test. */
  makeAgent(server: { readonly port: number }, more?: Partial<MtlsEgressOptions>): TestAgent
}

export function tunnelFixture(): TunnelFixture {
  const certs = tunnelCerts()
  return {
    certs,
    async startServer(more) {
      const server = await startTestServer(certs, more)
      onTestFinished(() => server.close(0))
      return server
    },
    makeAgent(server, more) {
      const agent = makeTestAgent(certs, server, more)
      onTestFinished(() => agent.egress.close(0))
      return agent
    },
  }
}

function tunnelCerts(): TunnelCerts {
  const closers: (() => Promise<void>)[] = []
  let certs: TunnelCerts | undefined
  const made = (): TunnelCerts => {
    if (certs === undefined) throw new Error('The certificates are made before the first test.')
    return certs
  }
  beforeAll(async () => {
    certs = await makeTunnelCerts((close) => void closers.push(close))
  })
  afterAll(async () => {
    for (const close of closers) await close()
  })
  return {
    get authority() {
      return made().authority
    },
    get ca() {
      return made().ca
    },
    get crl() {
      return made().crl
    },
    get server() {
      return made().server
    },
    get agent() {
      return made().agent
    },
  }
}
