import { once } from 'node:events'
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { revokeName } from '../../../src/node/pki/revoke.ts'
import type { TunnelServerOptions } from '../../../src/tunnel-server/server.ts'
import { makeOwnCerts, readPem } from '../../support/make-certs.ts'
import { readToEnd, startEcho } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import {
  AGENT_RULE,
  makeTestAgent,
  SERVER_NAME,
  startTestServer,
  type TestAgent,
  type TestServer,
} from '../../support/start-tunnel.ts'
import { echoed } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const DAY_MS = 86_400_000
const { certs, makeAgent, ...tunnel } = tunnelFixture()

/** An authority of long ago, whose first certificate has ended. */
async function oldCerts() {
  const then = Date.now() - 200 * DAY_MS
  const authority = await makeOwnCerts(onTestFinished, then)
  const expired = await authority.issue('laptop')
  const server = await authority.issue(SERVER_NAME, { kind: 'server' }, Date.now())
  return { ca: authority.ca, expired, server }
}

function startServer(more: Partial<TunnelServerOptions> = {}): Promise<TestServer> {
  return tunnel.startServer({ lookMs: 20, ...more })
}

async function handshake(server: TestServer, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port: server.port, servername: SERVER_NAME, ...options })
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  const rejected = (agent: TestAgent, code: string, words: RegExp) =>
    expect(echoed(agent, 9)).rejects.toMatchObject({ code, message: expect.stringMatching(words) as string })

  test('an agent whose name no rule allows is told which names it has', async () => {
    const server = await startServer({ readAllow: async () => ['sovereign://agent/desk*'] })
    const agent = makeAgent(server, { protocol })
    await rejected(agent, 'tunnel.rejected', /does not allow.*sovereign:\/\/agent\/laptop/)
    expect(agent.states.at(-1)).toMatchObject({ phase: 'failed', cause: { code: 'tunnel.rejected' } })
    expect(server.meters.refused.get('not-allowed')).toBe(1)
  })

  test('an agent of another authority is not let in', async () => {
    const other = await makeOwnCerts(onTestFinished)
    const tls = { ca: certs.ca, ...(await other.issue('laptop')) }
    await rejected(
      makeAgent(await startServer(), { protocol, tls }),
      'tunnel.rejected',
      /certificate|not accept/,
    )
  })

  test('an agent whose certificate was revoked is not let in', async () => {
    const authority = await makeOwnCerts(onTestFinished)
    const [server, laptop, desk] = [
      await authority.issue(SERVER_NAME, { kind: 'server' }),
      await authority.issue('laptop'),
      await authority.issue('desk'),
    ]
    await revokeName(authority.dir, 'laptop', Date.now())
    const own = { authority, ca: authority.ca, crl: authority.crl, server, agent: laptop }
    const running = await startTestServer(own, { tls: { ca: own.ca, ...server, crl: own.crl } })
    onTestFinished(() => running.close(0))
    const revoked = makeTestAgent(own, running, { protocol })
    onTestFinished(() => revoked.egress.close(0))
    await rejected(revoked, 'tunnel.rejected', /certificate|not accept/)
    const good = makeTestAgent({ ...own, agent: desk }, running, { protocol })
    onTestFinished(() => good.egress.close(0))
    expect(await echoed(good, await startEcho())).toBe('hello')
  })

  test('a server whose certificate was revoked is not trusted by agents that have the list', async () => {
    const authority = await makeOwnCerts(onTestFinished)
    const [pair, laptop] = [
      await authority.issue(SERVER_NAME, { kind: 'server' }),
      await authority.issue('laptop'),
    ]
    const server = await startServer({ tls: { ca: authority.ca, ...pair } })
    const tls = { ca: authority.ca, ...laptop, crl: authority.crl }
    expect(await echoed(makeAgent(server, { protocol, tls }), await startEcho())).toBe('hello')
    await revokeName(authority.dir, SERVER_NAME, Date.now())
    const agent = makeAgent(server, { protocol, tls })
    const words = /not trusted: its authority has revoked it, by the list in "crl"\.$/
    await rejected(agent, 'tunnel.not-trusted', words)
    expect(agent.states.at(-1)).toMatchObject({ phase: 'failed', cause: { code: 'tunnel.not-trusted' } })
  })

  test('a server of another authority, or of another name, is not trusted', async () => {
    const server = await startServer()
    const other = await makeOwnCerts(onTestFinished)
    const tls = { ca: other.ca, ...certs.agent }
    const words = /not trusted: another authority has signed it than the one in "ca"\.$/
    await rejected(makeAgent(server, { protocol, tls }), 'tunnel.not-trusted', words)
    const serverName = 'another-server'
    const agent = makeAgent(server, { protocol, serverName })
    await rejected(agent, 'tunnel.not-trusted', /is for .*sovereign-tunnel-server.*not for another-server/)
    expect(agent.states.at(-1)).toMatchObject({ phase: 'failed' })
  })

  test('the name may be a URI, and the address any', async () => {
    const agent = makeAgent(await startServer(), {
      protocol,
      serverName: `sovereign://server/${SERVER_NAME}`,
    })
    expect(await echoed(agent, await startEcho())).toBe('hello')
  })

  test('an agent does not connect with an expired certificate, and says so', async () => {
    const { ca, expired } = await oldCerts()
    await rejected(
      makeAgent(await startServer(), { protocol, tls: { ca, ...expired } }),
      'certs.expired',
      /expired on/,
    )
  })

  test('when there are as many agents as there may be, the next one is told, and comes in later', async () => {
    const server = await startServer({ maxConnections: 1 })
    const first = makeAgent(server, { protocol })
    const port = await startEcho()
    expect(await echoed(first, port)).toBe('hello')
    const second = makeAgent(server, { protocol })
    await rejected(second, 'tunnel.full', /has 1 connections/)
    await first.egress.close(0)
    expect(await waitUntil(() => second.states.at(-1)?.phase === 'connected', 20_000)).toBe(true)
    expect(await echoed(second, port)).toBe('hello')
  })
})

describe('the server', () => {
  test('does not start without a rule', async () => {
    await expect(startTestServer(certs, { readAllow: async () => [] })).rejects.toMatchObject({
      code: 'tunnel.config-invalid',
    })
  })

  test('does not start with the list of another authority, nor as an agent', async () => {
    const other = await makeOwnCerts(onTestFinished)
    const starting = (tls: Partial<TunnelServerOptions['tls']>) =>
      startTestServer(certs, { tls: { ca: certs.ca, ...certs.server, ...tls } })
    await expect(starting({ crl: other.crl })).rejects.toMatchObject({
      code: 'certs.invalid',
      message: expect.stringMatching(
        /this revocation list is not of the authority ca_cert_file\.$/,
      ) as string,
    })
    await expect(starting(certs.agent)).rejects.toMatchObject({
      code: 'certs.invalid',
      message: expect.stringMatching(/is not for a server/) as string,
    })
  })

  test('does not start with a certificate that its own list revokes', async () => {
    const authority = await makeOwnCerts(onTestFinished)
    const pair = await authority.issue(SERVER_NAME, { kind: 'server' })
    await revokeName(authority.dir, SERVER_NAME, Date.now())
    const tls = { ca: authority.ca, ...pair, crl: authority.crl }
    await expect(startTestServer(certs, { tls })).rejects.toMatchObject({
      code: 'certs.invalid',
      message: expect.stringMatching(/was revoked on \d{4}-\d\d-\d\d\.$/) as string,
    })
  })

  test('speaks TLS 1.3 only', async () => {
    const server = await startServer()
    const ca = await readPem(certs.ca)
    const own = { ca, cert: await readPem(certs.agent.cert), key: await readPem(certs.agent.key) }
    await expect(handshake(server, { ...own, maxVersion: 'TLSv1.2' })).rejects.toMatchObject({
      code: expect.stringMatching(/PROTOCOL_VERSION/) as string,
    })
    expect((await handshake(server, own)).getProtocol()).toBe('TLSv1.3')
  })

  test('closes on who shows no certificate or one that has expired', async () => {
    const old = await oldCerts()
    const server = await startServer({ tls: { ca: old.ca, ...old.server } })
    const ca = await readPem(old.ca)
    const expired = { cert: await readPem(old.expired.cert), key: await readPem(old.expired.key) }
    for (const own of [{}, expired]) {
      const socket = await handshake(server, { ca, ...own })
      socket.write('{"type":"connect_open","payload":{"id":"1","address":"127.0.0.1:9"}}\n')
      let heard = 0
      socket.on('data', (data: Buffer) => {
        heard += data.length
      })
      expect(await waitUntil(() => socket.closed, 10_000)).toBe(true)
      expect(heard).toBe(0)
    }
    expect(server.meters.connectionsTotal).toBe(0)
    expect(server.meters.streamsTotal).toBe(0)
  })

  test('takes DNS names as rules, too', async () => {
    const { cert, key } = await certs.authority.issue('named', { extraNames: ['a.agents.example'] })
    const server = await startServer({ readAllow: async () => ['*.agents.example'] })
    const named = makeAgent(server, { tls: { ca: certs.ca, cert, key } })
    expect(await echoed(named, await startEcho())).toBe('hello')
    await expect(echoed(makeAgent(server), 9)).rejects.toMatchObject({ code: 'tunnel.rejected' })
  })
})

describe('files that change', () => {
  async function startWithCopies(name: string): Promise<{ server: TestServer; dir: string }> {
    const dir = join(certs.authority.dir, name)
    await mkdir(dir, { recursive: true })
    await copyFile(certs.server.cert, join(dir, 'cert.pem'))
    await copyFile(certs.server.key, join(dir, 'key.pem'))
    const tls = { ca: certs.ca, cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
    return { dir, server: await startServer({ tls }) }
  }

  async function shown(server: TestServer): Promise<string> {
    const own = { cert: await readPem(certs.agent.cert), key: await readPem(certs.agent.key) }
    const socket = await handshake(server, { ca: await readPem(certs.ca), ...own })
    return socket.getPeerX509Certificate()?.serialNumber ?? ''
  }

  test('a new certificate is shown to the next agent, and those that are connected stay', async () => {
    const { dir, server } = await startWithCopies('renewed')
    const agent = makeAgent(server)
    const port = await startEcho()
    const stream = await agent.egress.connect({ host: '127.0.0.1', port }, new AbortController().signal)
    const received = readToEnd(stream)
    const before = await shown(server)
    const fresh = await certs.authority.issue('fresh-server', { kind: 'server', extraNames: [SERVER_NAME] })
    for (const [from, to] of [
      [fresh.key, 'key.pem'],
      [fresh.cert, 'cert.pem'],
    ] as const) {
      await copyFile(from, join(dir, `${to}.new`))
      stream.write('while it changes ')
      await rename(join(dir, `${to}.new`), join(dir, to))
    }
    expect(await waitUntil(async () => (await shown(server)) !== before, 10_000)).toBe(true)
    stream.end('and after')
    expect(String(await received)).toBe('while it changes while it changes and after')
    expect(agent.states.map(({ phase }) => phase)).toEqual(['connecting', 'connected'])
  })

  test('a broken certificate leaves the old one in place, and is named in the log', async () => {
    const { dir, server } = await startWithCopies('broken')
    const before = await shown(server)
    await writeFile(
      join(dir, 'cert.pem'),
      '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n',
    )
    const isNamed = (): boolean => server.logged().some((line) => /the old stays: .*cert\.pem/.test(line))
    expect(await waitUntil(isNamed, 10_000)).toBe(true)
    expect(await shown(server)).toBe(before)
  })

  test.each(['of another authority', 'that revokes the server itself'])(
    'a list %s is not taken over, and agents still come in',
    async (which) => {
      const authority = await makeOwnCerts(onTestFinished)
      const [pair, laptop] = [
        await authority.issue(SERVER_NAME, { kind: 'server' }),
        await authority.issue('laptop'),
      ]
      const crl = join(authority.dir, 'of-the-server.pem')
      await copyFile(authority.crl, crl)
      const server = await startServer({ tls: { ca: authority.ca, ...pair, crl } })
      await revokeName(authority.dir, SERVER_NAME, Date.now())
      const other = await makeOwnCerts(onTestFinished)
      await copyFile(which === 'of another authority' ? other.crl : authority.crl, crl)
      await server.reload()
      expect(server.logged().join('\n')).toMatch(
        which === 'of another authority'
          ? /the old stays: .*not of the authority/
          : /the old stays: .*revoked on/,
      )
      const agent = makeAgent(server, { tls: { ca: authority.ca, ...laptop } })
      expect(await echoed(agent, await startEcho())).toBe('hello')
    },
  )

  test('an agent that loses its right is cut off at once', async () => {
    let rules = [AGENT_RULE]
    const server = await startServer({ readAllow: async () => rules })
    const agent = makeAgent(server)
    const stream = await agent.egress.connect(
      { host: '127.0.0.1', port: await startEcho() },
      new AbortController().signal,
    )
    stream.on('error', () => undefined)
    rules = ['sovereign://agent/somebody-else']
    await server.reload()
    expect(await waitUntil(() => stream.destroyed, 10_000)).toBe(true)
    expect(await waitUntil(() => agent.states.at(-1)?.phase === 'failed', 10_000)).toBe(true)
  })

  test('an empty list of rules is not taken over', async () => {
    let rules = [AGENT_RULE]
    const server = await startServer({ readAllow: async () => rules })
    rules = []
    await server.reload()
    expect(await echoed(makeAgent(server), await startEcho())).toBe('hello')
    expect(server.logged().join('\n')).toMatch(/the old stays: No agent is allowed/)
  })

  test('the end of the certificate is warned of 30 days ahead', async () => {
    const soon = await certs.authority.issue('soon', { kind: 'server', days: 29 })
    const server = await startServer({ tls: { ca: certs.ca, ...soon } })
    expect(server.logged().join('\n')).toMatch(/certificate of the server expires in 2[89] days/)
    expect((await startServer()).logged().join('\n')).not.toMatch(/expires in/)
  })
})
