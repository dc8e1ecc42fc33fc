import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { createLogger } from '../../../../src/node/log.ts'
import { type RelayOptions, startRelay } from '../../../../src/relay/relay.ts'
import { startAuthority } from '../../../support/make-certificates.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'
import { startTestRelay } from '../../../support/start-relay.ts'

let dir = ''
beforeEach(async () => {
  dir = await makeTempDir('relay-')
})

function options(more: Partial<RelayOptions> = {}): RelayOptions {
  return {
    configPath: join(dir, 'config.json'),
    dataDir: join(dir, 'data'),
    listen: { host: '127.0.0.1', port: 0 },
    env: { LOG_LEVEL: 'silent' },
    ...more,
  }
}

test('a relay needs no configuration at all', async () => {
  const relay = await startRelay(options())
  const reply = await fetch(`http://127.0.0.1:${relay.address?.port}/health`)
  expect(await reply.json()).toMatchObject({ status: 'ok', authenticated: false })
  await relay.close()
})

test('a truncated configuration stops the start and stays as it is', async () => {
  await writeFile(join(dir, 'config.json'), '{"github_oauth_token": "gho_')
  await expect(startRelay(options())).rejects.toMatchObject({ code: 'relay.config-invalid' })
  expect(await readFile(join(dir, 'config.json'), 'utf8')).toBe('{"github_oauth_token": "gho_')
})

test('a taken port is named with whoever has it and a free one', async () => {
  const other = createServer()
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
  const { port } = other.address() as AddressInfo
  await expect(startRelay(options({ listen: { host: '127.0.0.1', port } }))).rejects.toMatchObject({
    code: 'port.taken',
    message: `127.0.0.1:${port} is taken by Sovereign Bridge itself.`,
    remedy: expect.stringMatching(/--port or relay\.port; \d+ is free\.$/) as string,
  })
  other.close()
})

test('a data folder that takes no socket stops the start in words', async () => {
  // Also root cannot put a socket where a folder with something in it is.
  await mkdir(join(dir, 'data', 'admin.sock', 'full'), { recursive: true })
  await expect(startRelay(options())).rejects.toMatchObject({
    code: 'relay.config-invalid',
    message: expect.stringContaining('admin.sock cannot be made') as string,
    remedy: expect.stringContaining('--data-dir') as string,
  })
})

test('a second relay in the same data folder is refused, and one after a kill is not', async () => {
  const first = await startRelay(options())
  await expect(startRelay(options())).rejects.toMatchObject({ code: 'relay.already-running' })
  const health = await fetch(`http://127.0.0.1:${first.address?.port}/health`)
  expect(health.status).toBe(200)
  await first.close()
  await writeFile(first.adminSocketPath, '')
  const next = await startRelay(options())
  await next.close()
})

test('an address that others can reach is refused unless tokens are required or it is allowed', async () => {
  const open = options({ listen: { host: '0.0.0.0', port: 0 } })
  await expect(startRelay(open)).rejects.toMatchObject({ code: 'relay.bind-refused' })
  const first = await startRelay(options())
  await adminRequest(first.adminSocketPath, 'POST', '/admin/clients/require', { required: true })
  await first.close()
  const relay = await startRelay(open)
  expect((await fetch(`http://127.0.0.1:${relay.address?.port}/v1/models`)).status).toBe(401)
  await relay.close()
})

test('beyond loopback, client certificates are as good as tokens, and a lack of TLS is warned about', async () => {
  const authority = await startAuthority(onTestFinished)
  const lines: string[] = []
  const log = createLogger('relay', 'info', { write: (line: string) => void lines.push(line) })
  const open = options({ listen: { host: '0.0.0.0', port: 0 }, log })
  const tls = { ...(await authority.make()), client_ca: authority.ca }
  await writeFile(open.configPath, JSON.stringify({ relay: { tls } }))
  await (await startRelay(open)).close()
  expect(lines.join('')).not.toContain('clear text')
  await writeFile(open.configPath, JSON.stringify({ relay: { tls: { ...tls, client_ca: undefined } } }))
  await expect(startRelay(open)).rejects.toMatchObject({ code: 'relay.bind-refused' })
  await writeFile(open.configPath, JSON.stringify({ relay: { allow_remote: true } }))
  await (await startRelay(open)).close()
  expect(lines.join('')).toContain('clear text')
})

test('a relay without a listener serves connections that are handed to it', async () => {
  const relay = await startRelay(options({ listen: undefined }))
  expect(relay.address).toBeUndefined()
  const [near, far] = duplexPair()
  relay.accept(far)
  near.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  const pieces: Buffer[] = []
  for await (const piece of near) pieces.push(piece as Buffer)
  expect(Buffer.concat(pieces).toString()).toMatch(/^HTTP\/1\.1 200[\s\S]*"status":"ok"/)
  await relay.close()
})

test('a connection with admin rights may sign in, one without may not', async () => {
  const relay = await startRelay(options({ listen: undefined }))
  const statusOf = async (accept: 'accept' | 'acceptAdmin'): Promise<string | undefined> => {
    const [near, far] = duplexPair()
    relay[accept](far)
    near.write('GET /admin/clients HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    const pieces: Buffer[] = []
    for await (const piece of near) pieces.push(piece as Buffer)
    return /^HTTP\/1\.1 (\d+)/.exec(Buffer.concat(pieces).toString())?.[1]
  }
  expect([await statusOf('accept'), await statusOf('acceptAdmin')]).toEqual(['403', '200'])
  await relay.close()
})

test('a client with a token is counted under its name', async () => {
  const relay = await startTestRelay()
  const { body } = await adminRequest(relay.relay.adminSocketPath, 'POST', '/admin/clients', { name: 'vm-1' })
  const { token } = body as { token: string }
  const chat = { model: 'gpt-4.1', messages: [{ role: 'user', content: 'hi' }] }
  const reply = await fetch(`${relay.url}/v1/chat/completions`, {
    ...{ method: 'POST', body: JSON.stringify(chat) },
    headers: { authorization: `Bearer ${token}` },
  })
  expect(reply.status).toBe(200)
  const { body: stats } = await adminRequest(relay.relay.adminSocketPath, 'GET', '/stats')
  expect(JSON.stringify(stats)).toContain('vm-1')
  await relay.close()
})

test('close ends idle connections at once', async () => {
  const relay = await startRelay(options())
  const socket = connect(relay.address?.port ?? 0, '127.0.0.1')
  const closed = new Promise((done) => socket.once('close', done))
  socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await new Promise((done) => socket.once('data', done))
  await Promise.all([relay.close(60_000), closed])
})
