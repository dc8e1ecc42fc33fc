import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { type Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { type Authority, type Certificate, startAuthority } from '../../../support/make-certificates.ts'
import { rawHttp } from '../../../support/raw-http.ts'
import { startTestRelay, type TestRelay } from '../../../support/start-relay.ts'

const closers: (() => Promise<void>)[] = []
let authority: Authority
let relay: TestRelay
beforeAll(async () => {
  authority = await startAuthority((close) => closers.push(close))
  relay = await startTls(await authority.make({ names: 'DNS:localhost,DNS:relay.test,IP:127.0.0.1' }))
})
afterAll(async () => {
  await relay.close()
  for (const close of closers) await close()
})

function startTls(files: Certificate & { readonly client_ca?: string }, more = {}): Promise<TestRelay> {
  return startTestRelay({ config: { relay: { tls: files }, ...more } })
}

interface Answer {
  readonly status: number
  readonly text: string
}

interface Call extends ConnectionOptions {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly agent?: Agent
}

async function ask(port: number, { path = '/health', headers = {}, ...tls }: Call = {}): Promise<Answer> {
  const ca = await authority.caText()
  // Whatever a request says in Host, the certificate is looked at for this name.
  const servername = 'localhost'
  const call = request({ port, host: '127.0.0.1', path, headers, ca, servername, agent: false, ...tls })
  call.end()
  const [reply] = await once(call, 'response')
  const pieces: Buffer[] = []
  for await (const piece of reply) pieces.push(piece as Buffer)
  return { status: reply.statusCode, text: Buffer.concat(pieces).toString() }
}

async function handshake(
  port: number,
  options: ConnectionOptions & { readonly allowHalfOpen?: boolean } = {},
): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: await authority.caText(), ...options })
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

test('a relay with a certificate speaks TLS 1.3 and HTTP/1.1, and TLS 1.2 where the client knows no better', async () => {
  const socket = await handshake(relay.port, { ALPNProtocols: ['h2', 'http/1.1'] })
  expect([socket.getProtocol(), socket.alpnProtocol]).toEqual(['TLSv1.3', 'http/1.1'])
  expect((await handshake(relay.port, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2')
  await expect(
    handshake(relay.port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  ).rejects.toThrow()
})

test('the set-up of a client that came by TLS leads back by TLS', async () => {
  const { text } = await ask(relay.port, { path: '/setup', headers: { host: 'relay.test:8443' } })
  expect(text).toContain('https://relay.test:8443')
})

test('a name in the certificate may stand in Host, any other may not', async () => {
  expect((await ask(relay.port, { headers: { host: 'relay.test' } })).status).toBe(200)
  expect((await ask(relay.port, { headers: { host: 'evil.example' } })).status).toBe(403)
  const page = { host: 'relay.test', origin: 'https://evil.example' }
  expect((await ask(relay.port, { headers: page })).status).toBe(403)
})

test('a client that ends its side after its request gets its answer', async () => {
  const socket = await handshake(relay.port, { allowHalfOpen: true })
  socket.end('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece as Buffer)
  expect(Buffer.concat(pieces).toString()).toMatch(/^HTTP\/1\.1 200 [\s\S]*"status":"ok"/)
})

test('plain HTTP on the TLS port is told so', async () => {
  const answer = await rawHttp(relay.port, 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*text\/plain[\s\S]*This port speaks HTTPS/)
})

test('the admin socket stays plain', async () => {
  expect((await adminRequest(relay.relay.adminSocketPath, 'GET', '/auth/status')).status).toBe(200)
})

test('/health and /metrics say when the certificate expires', async () => {
  const { text } = await ask(relay.port)
  const { certificateExpires } = JSON.parse(text) as { certificateExpires: string }
  const { body } = await adminRequest(relay.relay.adminSocketPath, 'POST', '/admin/token')
  const headers = { authorization: `Bearer ${(body as { token: string }).token}` }
  const metrics = (await ask(relay.port, { path: '/metrics', headers })).text
  expect(metrics).toContain(
    `sovereign_relay_tls_certificate_expires_seconds ${Date.parse(certificateExpires) / 1000}\n`,
  )
  const daysLeft = (Date.parse(certificateExpires) - Date.now()) / 86_400_000
  expect(daysLeft).toBeGreaterThan(360)
  expect(daysLeft).toBeLessThan(366)
})

describe('a relay does not start', () => {
  const started = (files: Certificate & { readonly client_ca?: string }) => expect(startTls(files)).rejects
  const unusable = (message: RegExp) => ({
    code: 'relay.tls-unusable',
    message: expect.stringMatching(message) as string,
  })

  test('with a key that others may read', async () => {
    const files = await authority.make()
    const key = join(authority.dir, 'open.key')
    await writeFile(key, await readFile(files.key), { mode: 0o644 })
    await started({ ...files, key }).toMatchObject(unusable(/Permissions 0644 for .*open\.key are too open/))
  })

  test('with a pipe in place of a file, which is not waited for', async () => {
    const files = await authority.make()
    const cert = join(authority.dir, 'pipe')
    execFileSync('mkfifo', [cert])
    await started({ ...files, cert }).toMatchObject(unusable(/pipe is not a file/))
  })

  test('with the key of another certificate', async () => {
    const [one, other] = [await authority.make(), await authority.make()]
    await started({ cert: one.cert, key: other.key }).toMatchObject(unusable(/is not the key of/))
  })

  test('with files that are missing or hold something else', async () => {
    const files = await authority.make()
    await started({ ...files, cert: '/nowhere/cert.pem' }).toMatchObject(unusable(/does not exist/))
    await started({ ...files, cert: files.key }).toMatchObject(unusable(/holds no usable certificate/))
    await started({ ...files, client_ca: files.key }).toMatchObject(unusable(/holds no usable certificate/))
  })

  test('with a certificate and no key', async () => {
    const { cert } = await authority.make()
    await started({ cert } as Certificate).toMatchObject({ code: 'relay.config-invalid' })
  })
})

describe('with a client CA', () => {
  let strict: TestRelay
  beforeAll(async () => {
    strict = await startTls({ ...(await authority.make()), client_ca: authority.ca })
  })
  afterAll(() => strict.close())

  const chat = async (files: Certificate | undefined, headers = {}): Promise<Answer> =>
    ask(strict.port, {
      path: '/v1/models',
      headers,
      ...(files && { cert: await readFile(files.cert), key: await readFile(files.key) }),
    })

  test('nobody gets in without a certificate, or with that of somebody else', async () => {
    await expect(chat(undefined)).rejects.toThrow()
    const stranger = await startAuthority((close) => closers.push(close))
    await expect(chat(await stranger.make())).rejects.toThrow()
    expect(strict.logged()).toContain('a TLS handshake failed')
  })

  test('the name in the certificate is the name in the usage', async () => {
    const files = await authority.make({ commonName: 'laptop-7', names: '' })
    const reply = await new Promise<number>((resolve, reject) => {
      void (async () => {
        const body = JSON.stringify({ model: 'gpt-4.1', messages: [{ role: 'user', content: 'hi' }] })
        const call = request({
          ...{ port: strict.port, host: '127.0.0.1', path: '/v1/chat/completions', method: 'POST' },
          ...{ ca: await authority.caText(), agent: false },
          ...{ cert: await readFile(files.cert), key: await readFile(files.key) },
        })
        call.on('error', reject).on('response', (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0))
        })
        call.end(body)
      })()
    })
    expect(reply).toBe(200)
    const { body } = await adminRequest(strict.relay.adminSocketPath, 'GET', '/stats')
    expect(JSON.stringify(body)).toContain('laptop-7')
  })

  test('where tokens are required, the name of a registered client is as good as its token', async () => {
    const { adminSocketPath } = strict.relay
    await adminRequest(adminSocketPath, 'POST', '/admin/clients', { name: 'vm-1' })
    await adminRequest(adminSocketPath, 'POST', '/admin/clients/require', { required: true })
    const known = await authority.make({ names: 'URI:spiffe://home/vm-1' })
    const unknown = await authority.make({ names: 'DNS:vm-2' })
    const madeUp = { authorization: 'Bearer sk-none' }
    expect(
      [await chat(known), await chat(known, madeUp), await chat(unknown)].map(({ status }) => status),
    ).toEqual([200, 200, 401])
    expect((await chat(known, { authorization: 'Bearer sbc_wrong' })).status).toBe(401)
  })
})

describe('a renewed certificate', () => {
  async function startRenewable(): Promise<{
    readonly relay: TestRelay
    readonly fingerprint: () => Promise<string>
    readonly put: (files: Partial<Certificate>) => Promise<void>
  }> {
    const dir = await mkdtemp(join(tmpdir(), 'tls-'))
    const place = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
    const put = async (files: Partial<Certificate>): Promise<void> => {
      for (const part of ['cert', 'key'] as const) {
        const from = files[part]
        if (from === undefined) continue
        await copyFile(from, `${place[part]}.new`)
        await rename(`${place[part]}.new`, place[part])
      }
    }
    await put(await authority.make())
    const renewable = await startTls(place)
    onTestFinished(async () => {
      await renewable.close()
      await rm(dir, { recursive: true, force: true })
    })
    const fingerprint = async (): Promise<string> => {
      const socket = await handshake(renewable.port)
      const { fingerprint256 } = socket.getPeerCertificate()
      socket.destroy()
      return fingerprint256
    }
    return { relay: renewable, put, fingerprint }
  }

  test('is shown to new connections while the open ones go on', async () => {
    const { relay: renewable, put, fingerprint } = await startRenewable()
    const before = await fingerprint()
    const open = await handshake(renewable.port)
    await put(await authority.make())
    await expect.poll(fingerprint, { timeout: 10_000 }).not.toBe(before)
    open.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(String((await once(open, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/)
    expect(renewable.logged()).toContain('the TLS certificate was renewed')
  })

  test('that cannot be used leaves the old one in place, and the log says why, once', async () => {
    const { relay: renewable, put, fingerprint } = await startRenewable()
    const before = await fingerprint()
    await put({ cert: (await authority.make()).cert })
    await expect.poll(() => renewable.logged(), { timeout: 10_000 }).toContain('the old one stays')
    await renewable.relay.renewCertificate()
    expect(renewable.logged().match(/is not the key of/g)).toHaveLength(1)
    expect(await fingerprint()).toBe(before)
    await put(await authority.make({ days: -1 }))
    await expect.poll(() => renewable.logged(), { timeout: 10_000 }).toContain('It has expired on')
    expect(await fingerprint()).toBe(before)
    await put(await authority.make())
    await renewable.relay.renewCertificate()
    expect(await fingerprint()).not.toBe(before)
  })
})

test('a certificate that expires within thirty days is named in the log, one that has expired all the more', async () => {
  const soon = await startTls(await authority.make({ days: 12.5 }))
  expect(soon.logged()).toContain('the TLS certificate expires in 12 days')
  await soon.close()
  const late = await startTls(await authority.make({ days: -2 }))
  expect(late.logged()).toContain('the TLS certificate has expired')
  await late.close()
})
