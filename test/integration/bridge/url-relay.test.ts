import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { adminRequest } from '../../../src/node/admin-client.ts'
import { type Authority, startAuthority } from '../../support/make-certificates.ts'
import { CHAT_BODY, CHAT_REQUEST, openRaw, rawHttp } from '../../support/raw-http.ts'
import { isFailing, isHealthy, startBridge, type TestBridge } from '../../support/start-bridge.ts'
import { startWeb } from '../../support/start-hosts.ts'
import { startOwnRelay } from '../../support/start-own-relay.ts'
import { startTestRelay, type TestRelay } from '../../support/start-relay.ts'

const closers: (() => Promise<void>)[] = []
let authority: Authority
let relay: TestRelay
beforeAll(async () => {
  authority = await startAuthority((close) => closers.push(close))
  relay = await startTestRelay({ config: { relay: { tls: await authority.make() } } })
})
afterAll(async () => {
  await relay.close()
  for (const close of closers) await close()
})

const urlOf = (port: number): string => `https://localhost:${port}`

async function start(settings: Readonly<Record<string, unknown>>): Promise<TestBridge> {
  const started = await startBridge({ teardown: onTestFinished, profile: { relay: settings } })
  await started.bridge.connect()
  return started
}

async function healthy(settings: Readonly<Record<string, unknown>>): Promise<TestBridge> {
  const started = await start(settings)
  await started.state(isHealthy, 'relay health')
  return started
}

async function causeOf(settings: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { state } = await start(settings)
  const { relay: shown } = await state(isFailing, 'failing health')
  return shown.health.kind === 'failing' ? shown.health.cause : undefined
}

interface Site {
  readonly port: number
  readonly requests: IncomingMessage[]
}

/** Some web server in place of a relay. */
async function startSite(listener: RequestListener): Promise<Site> {
  const requests: IncomingMessage[] = []
  const port = await startWeb((request, response) => {
    requests.push(request)
    if (request.url === '/health') response.end('{}')
    else listener(request, response)
  })
  return { port, requests }
}

describe('over TLS', () => {
  test('a relay whose certificate a CA of ours has signed is reached', async () => {
    const { agentPort } = await healthy({ url: urlOf(relay.port), ca: authority.ca })
    const reply = await fetch(`http://127.0.0.1:${agentPort}/v1/chat/completions`, {
      method: 'POST',
      body: CHAT_BODY,
    })
    expect(await reply.text()).toMatch(/data: .*\[DONE\]/s)
  })

  test('an address in the URL is compared with the addresses in the certificate', async () => {
    await healthy({ url: `https://127.0.0.1:${relay.port}`, ca: authority.ca })
  })

  test('a certificate that nobody has signed whom we trust is refused', async () => {
    expect(await causeOf({ url: urlOf(relay.port) })).toMatchObject({
      code: 'relay.certificate-untrusted',
      remedy: expect.stringContaining('"ca"') as string,
    })
  })

  test.each([
    ['that has expired', { days: -2 }, 'relay.certificate-expired', 'has expired'],
    ['for another name', { names: 'DNS:other.example' }, 'relay.certificate-name', 'DNS:other.example'],
  ])('a certificate %s is refused', async (_name, wish, code, words) => {
    const other = await startOwnRelay({ config: { relay: { tls: await authority.make(wish) } } })
    expect(await causeOf({ url: urlOf(other.port), ca: authority.ca })).toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    })
  })

  test('a server without TLS is told apart', async () => {
    const site = await startSite((_request, response) => response.end())
    expect(await causeOf({ url: urlOf(site.port) })).toMatchObject({
      code: 'relay.tls-failed',
      message: expect.stringContaining('speaks no TLS') as string,
    })
  })

  test('a relay that asks for a client certificate gets ours, and says so where there is none', async () => {
    const tls = { ...(await authority.make()), client_ca: authority.ca }
    const strict = await startOwnRelay({ config: { relay: { tls } } })
    const ours = await authority.make({ commonName: 'laptop', names: '' })
    await healthy({ url: urlOf(strict.port), ca: authority.ca, ...ours })
    expect(await causeOf({ url: urlOf(strict.port), ca: authority.ca })).toMatchObject({
      code: 'relay.certificate-demanded',
    })
  })

  test('a file that is missing, and a key that others may read, are named', async () => {
    const url = urlOf(relay.port)
    expect(await causeOf({ url, ca: '/nowhere/ca.pem' })).toMatchObject({
      code: 'relay.files-unusable',
      message: '/nowhere/ca.pem does not exist.',
    })
    const ours = await authority.make()
    await chmod(ours.key, 0o644)
    expect(await causeOf({ url, ca: authority.ca, ...ours })).toMatchObject({
      code: 'relay.files-unusable',
      remedy: `Run "chmod 600 ${ours.key}".`,
    })
  })

  test('a request is answered with the reason while the relay is refused', async () => {
    const { agentPort } = await start({ url: urlOf(relay.port) })
    const reply = await fetch(`http://127.0.0.1:${agentPort}/v1/models`)
    expect([reply.status, await reply.json()]).toMatchObject([
      503,
      { error: { code: 'relay.certificate-untrusted' } },
    ])
  })
})

describe('what a client sends', () => {
  test('reaches a site under its own name, with the name that the client used beside it', async () => {
    const site = await startSite((_request, response) => response.end('x'))
    const { agentPort } = await start({ url: `http://localhost:${site.port}/below/` })
    await rawHttp(
      agentPort,
      'GET /a?b=c HTTP/1.1\r\nHost: localhost:8080\r\nX-Sovereign-Base-Host: evil.example\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-Kept: 2\r\n\r\n',
    )
    const request = site.requests.find(({ url }) => url === '/below/a?b=c')
    expect(request?.headers).toEqual({
      host: `localhost:${site.port}`,
      'x-sovereign-base-host': 'localhost:8080',
      'x-kept': '2',
      connection: 'keep-alive',
    })
  })

  test('as a set-up leads back to the address that the client used', async () => {
    const { agentPort } = await healthy({ url: urlOf(relay.port), ca: authority.ca })
    const script = await (await fetch(`http://localhost:${agentPort}/setup`)).text()
    expect(script).toContain(`http://localhost:${agentPort}`)
    expect(script).not.toContain(String(relay.port))
  })

  test('as a page with a foreign name is refused by the relay, whatever it adds', async () => {
    const { agentPort } = await healthy({ url: urlOf(relay.port), ca: authority.ca })
    const ask = (head: string): Promise<string> =>
      rawHttp(agentPort, `GET /health HTTP/1.1\r\nConnection: close\r\n${head}\r\n\r\n`)
    expect(await ask('Host: evil.example\r\nX-Sovereign-Base-Host: localhost')).toMatch(/^HTTP\/1\.1 403/)
    expect(await ask('Host: localhost\r\nOrigin: https://evil.example')).toMatch(/^HTTP\/1\.1 403/)
    expect(await ask(`Host: localhost:${agentPort}\r\nOrigin: http://localhost:${agentPort}`)).toMatch(
      /^HTTP\/1\.1 200/,
    )
  })

  test('arrives whole, large bodies, chunked ones and several on one connection', async () => {
    const site = await startSite((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => response.end(Buffer.concat(pieces)))
    })
    const { agentPort } = await start({ url: `http://localhost:${site.port}` })
    const body = Buffer.alloc(5_000_000, 'abc')
    const url = `http://127.0.0.1:${agentPort}/echo`
    expect(Buffer.from(await (await fetch(url, { method: 'POST', body })).arrayBuffer()).equals(body)).toBe(
      true,
    )
    const text = await rawHttp(
      agentPort,
      'POST /1 HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\nPOST /2 HTTP/1.1\r\nHost: l\r\nContent-Length: 3\r\nConnection: close\r\n\r\ntwo',
    )
    expect(text).toMatch(/200 OK[\s\S]*one[\s\S]*200 OK[\s\S]*two/)
  })

  test('waits for "100 Continue" where it asks for that', async () => {
    const { agentPort } = await healthy({ url: urlOf(relay.port), ca: authority.ca })
    const socket = await openRaw(agentPort)
    socket.write(
      CHAT_REQUEST.replace('Content-Length', 'Expect: 100-continue\r\nContent-Length').replace(CHAT_BODY, ''),
    )
    expect(String((await once(socket, 'data'))[0])).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write(CHAT_BODY)
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/)
    socket.destroy()
  })

  test('that is no HTTP is refused in words', async () => {
    const { agentPort } = await healthy({ url: urlOf(relay.port), ca: authority.ca })
    expect(await rawHttp(agentPort, 'GET / HTTP/1.1\r\nbroken header\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*agent\.not-http/,
    )
  })
})

describe('what the relay answers', () => {
  test('is passed back as it is, redirects and odd headers too', async () => {
    const site = await startSite((_request, response) => {
      response.writeHead(307, 'Over There', [
        'Location',
        'https://other.example/',
        'X-Two',
        'a',
        'X-Two',
        'b',
      ])
      response.end('moved')
    })
    const { agentPort } = await start({ url: `http://localhost:${site.port}` })
    const text = await rawHttp(agentPort, 'GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    expect(text).toMatch(
      /^HTTP\/1\.1 307 Over There\r\nLocation: https:\/\/other\.example\/\r\nX-Two: a\r\nX-Two: b/,
    )
    expect(text).toContain('moved')
  })

  test('that is cut short does not look complete', async () => {
    const site = await startSite((_request, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half', () => response.destroy())
    })
    const { agentPort } = await start({ url: `http://localhost:${site.port}` })
    const reply = await fetch(`http://127.0.0.1:${agentPort}/x`)
    await expect(reply.text()).rejects.toThrow()
  })

  test('reaches a client that has ended its side, all of it', async () => {
    const { agentPort } = await healthy({ url: urlOf(relay.port), ca: authority.ca })
    relay.copilot.script({ text: 'one two three', firstDelayMs: 300 })
    const socket = connect({ port: agentPort, host: '127.0.0.1', allowHalfOpen: true })
    socket.end(CHAT_REQUEST)
    const pieces: Buffer[] = []
    for await (const piece of socket) pieces.push(piece as Buffer)
    expect(Buffer.concat(pieces).toString()).toMatch(/HTTP\/1\.1 200 [\s\S]*three[\s\S]*\[DONE\]/)
  })

  test('is no longer made once the client has gone', async () => {
    const { agentPort } = await healthy({ url: urlOf(relay.port), ca: authority.ca })
    relay.copilot.script({ text: 'one two', end: 'stall' })
    const socket = await openRaw(agentPort)
    socket.write(CHAT_REQUEST)
    await once(socket, 'data')
    const sent = relay.copilot.requests.at(-1)
    const leftAt = performance.now()
    socket.destroy()
    await expect.poll(() => sent?.abandonedAt, { interval: 5, timeout: 5000 }).toBeDefined()
    expect((sent?.abandonedAt ?? Number.POSITIVE_INFINITY) - leftAt).toBeLessThan(1000)
  })
})

describe('tokens from files', () => {
  async function tokenFile(name: string, path: string, body?: unknown): Promise<string> {
    const reply = await adminRequest(relay.relay.adminSocketPath, 'POST', path, body)
    const file = join(authority.dir, name)
    await writeFile(file, `${(reply.body as { token: string }).token}\n`, { mode: 0o600 })
    return file
  }

  test('let in clients that bring none, and leave the token of a client alone', async () => {
    const { adminSocketPath } = relay.relay
    const file = await tokenFile('laptop.token', '/admin/clients', { name: 'laptop' })
    await adminRequest(adminSocketPath, 'POST', '/admin/clients/require', { required: true })
    onTestFinished(async () => {
      await adminRequest(adminSocketPath, 'POST', '/admin/clients/require', { required: false })
    })
    const { agentPort } = await healthy({ url: urlOf(relay.port), ca: authority.ca, tokenFile: file })
    const statusOf = async (authorization?: string): Promise<number> => {
      const headers = authorization === undefined ? {} : { authorization }
      return (await fetch(`http://127.0.0.1:${agentPort}/v1/models`, { headers })).status
    }
    expect([
      await statusOf(),
      await statusOf('Bearer sk-made-up'),
      await statusOf('Bearer sbc_revoked'),
    ]).toEqual([200, 200, 401])
  })

  test('give the owner admin rights and clients none', async () => {
    const file = await tokenFile('admin.token', '/admin/token')
    const settings = { url: urlOf(relay.port), ca: authority.ca, adminTokenFile: file }
    const { bridge, agentPort } = await healthy(settings)
    expect(await bridge.api.relaySignInStatus({})).toMatchObject({ authenticated: true, copilot: {} })
    expect((await fetch(`http://127.0.0.1:${agentPort}/metrics`)).status).toBe(403)
  })
})

test('a connection on which nothing is under way does not hold up the end of the bridge', async () => {
  const { bridge, agentPort } = await healthy({ url: urlOf(relay.port), ca: authority.ca })
  relay.copilot.script({ comments: 6, commentEveryMs: 60, text: 'late' })
  const [idle, busy] = [await openRaw(agentPort), await openRaw(agentPort)]
  idle.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
  busy.write(CHAT_REQUEST)
  await Promise.all([once(idle, 'data'), once(busy, 'data')])
  const said: Buffer[] = []
  busy.on('data', (piece: Buffer) => said.push(piece))
  const ended = once(idle, 'end')
  const all = once(busy, 'end')
  const disconnected = bridge.disconnect(60_000)
  await ended
  await all
  await disconnected
  expect(Buffer.concat(said).toString()).toContain('[DONE]')
})
