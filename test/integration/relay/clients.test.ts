import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Clients, openClients } from '../../../src/relay/clients/clients.ts'
import { clientListSchema, newTokenSchema } from '../../../src/shared/protocol/clients.ts'
import { type FakeAmbient, fakeAmbient } from '../../support/fake-ambient.ts'
import { serveRoutes } from '../../support/serve-routes.ts'
import { makeDir, SILENT } from '../../support/start-usage.ts'

interface Started {
  readonly clients: Clients
  readonly call: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: unknown }>
  readonly add: (name: string) => Promise<string>
}

async function start(dir: string, ambient: FakeAmbient = fakeAmbient()): Promise<Started> {
  const clients = await openClients({ dir, ambient, log: SILENT })
  onTestFinished(() => clients.close())
  const server = await serveRoutes(clients.routes(), 'admin')
  onTestFinished(() => server.close())
  const call: Started['call'] = async (method, path, body) => {
    const response = await fetch(server.url + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }
  const add = async (name: string): Promise<string> =>
    newTokenSchema.parse((await call('POST', '/admin/clients', { name })).body).token
  return { clients, call, add }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('client tokens', () => {
  it('name their client, whether they come as bearer token or as API key', async () => {
    const { clients, add } = await start(await makeDir())
    const token = await add('laptop')
    expect(token).toMatch(/^sbc_[\w-]{43}$/)
    expect(clients.identify(bearer(token))).toEqual({ name: 'laptop' })
    expect(clients.identify({ 'x-api-key': token })).toEqual({ name: 'laptop' })
    expect(clients.identify({ authorization: `bearer  ${token}`, 'x-api-key': 'dummy' })).toEqual({
      name: 'laptop',
    })
  })

  it('are refused at once when revoked, also after a restart and while tokens are not required', async () => {
    const dir = await makeDir()
    const { clients, call, add } = await start(dir)
    const token = await add('laptop')
    const other = await add('server')
    expect((await call('DELETE', '/admin/clients/laptop')).status).toBe(200)
    expect(clients.identify(bearer(token))).toBe('unknown-token')
    expect(clients.identify(bearer(other))).toEqual({ name: 'server' })
    expect((await start(dir)).clients.identify(bearer(token))).toBe('unknown-token')
  })

  it('can be required: then nothing and anything made up is refused', async () => {
    const { clients, call, add } = await start(await makeDir())
    const token = await add('laptop')
    expect(clients.identify({})).toEqual({ name: 'unknown' })
    expect(clients.identify(bearer('sk-dummy'))).toEqual({ name: 'unknown' })
    await call('POST', '/admin/clients/require', { required: true })
    expect([clients.identify({}), clients.identify(bearer('sk-dummy'))]).toEqual([
      'required',
      'unknown-token',
    ])
    expect(clients.identify(bearer(`${token}x`))).toBe('unknown-token')
    expect(clients.identify(bearer(token))).toEqual({ name: 'laptop' })
  })

  it('are kept as hashes in a file for the owner only, and shown never again', async () => {
    const dir = await makeDir()
    const { call, add } = await start(dir)
    const token = await add('laptop')
    const admin = newTokenSchema.parse((await call('POST', '/admin/token')).body).token
    const file = readFileSync(join(dir, 'clients.json'), 'utf8')
    const list = JSON.stringify((await call('GET', '/admin/clients')).body)
    for (const text of [file, list]) {
      expect(text).not.toContain(token.slice(4))
      expect(text).not.toContain(admin.slice(4))
    }
    expect(statSync(join(dir, 'clients.json')).mode & 0o777).toBe(0o600)
  })

  it('tell when they were last used, also after a restart', async () => {
    const dir = await makeDir()
    const ambient = fakeAmbient('2026-11-21T12:00:00.000Z')
    const { clients, call, add } = await start(dir, ambient)
    const token = await add('laptop')
    ambient.pass(60_000)
    clients.identify(bearer(token))
    const expected = {
      name: 'laptop',
      createdAt: '2026-11-21T12:00:00.000Z',
      lastUsedAt: '2026-11-21T12:01:00.000Z',
    }
    expect((await call('GET', '/admin/clients')).body).toMatchObject({ clients: [expected] })
    await clients.close()
    const again = await (await start(dir)).call('GET', '/admin/clients')
    expect(clientListSchema.parse(again.body).clients).toEqual([expected])
  })

  it('do not give admin rights; the admin token does until it is replaced or dropped', async () => {
    const { clients, call, add } = await start(await makeDir())
    const client = await add('laptop')
    const first = newTokenSchema.parse((await call('POST', '/admin/token')).body).token
    expect([clients.isAdmin(bearer(first)), clients.isAdmin(bearer(client)), clients.isAdmin({})]).toEqual([
      true,
      false,
      false,
    ])
    const second = newTokenSchema.parse((await call('POST', '/admin/token')).body).token
    expect([clients.isAdmin(bearer(first)), clients.isAdmin({ 'x-api-key': second })]).toEqual([false, true])
    await call('DELETE', '/admin/token')
    expect(clients.isAdmin(bearer(second))).toBe(false)
  })

  it('can be made for many clients at the same time without losing one', async () => {
    const dir = await makeDir()
    const { add } = await start(dir)
    const names = Array.from({ length: 20 }, (_, index) => `vm-${index}`)
    const tokens = await Promise.all(names.map(add))
    const { clients } = await start(dir)
    expect(tokens.map((token) => clients.identify(bearer(token)))).toEqual(names.map((name) => ({ name })))
  })
})

describe('client administration', () => {
  it.each([
    [''],
    ['../x'],
    ['a b'],
    ['-x'],
    ['unknown'],
    ['other'],
    ['admin'],
    ['x'.repeat(65)],
    ['a\nb'],
    ['é'],
  ])('refuses the name %j', async (name) => {
    const { call } = await start(await makeDir())
    expect(await call('POST', '/admin/clients', { name })).toMatchObject({
      status: 400,
      body: { error: { code: 'clients.name-invalid' } },
    })
  })

  it('says in words what does not fit', async () => {
    const { call, add } = await start(await makeDir())
    await add('laptop')
    const codes = [
      await call('POST', '/admin/clients', { name: 'LAPTOP' }),
      await call('DELETE', '/admin/clients/nobody'),
      await call('DELETE', '/admin/clients/%ff'),
      await call('POST', '/admin/clients', { nam: 'x' }),
      await call('POST', '/admin/clients/require', { required: 'yes' }),
      await call('POST', '/admin/clients', 'x'.repeat(20_000)),
    ].map(({ body }) => (body as { error: { code: string } }).error.code)
    expect(codes).toEqual([
      'clients.name-taken',
      'clients.not-found',
      'clients.not-found',
      'clients.request-invalid',
      'clients.request-invalid',
      'clients.request-invalid',
    ])
  })

  it.each([['{'], ['{"version":1,"required":"no","adminSha256":null,"clients":[]}'], ['']])(
    'does not start with a damaged list, which would let everybody in: %j',
    async (content) => {
      const dir = await makeDir()
      writeFileSync(join(dir, 'clients.json'), content)
      await expect(openClients({ dir, ambient: fakeAmbient(), log: SILENT })).rejects.toMatchObject({
        code: 'clients.file-unusable',
      })
    },
  )

  it('changes nothing when the list cannot be written', async () => {
    const dir = join(await makeDir(), 'data')
    const { clients, call, add } = await start(dir)
    const token = await add('laptop')
    // A file where the folder was: nobody can write there, not even root.
    rmSync(dir, { recursive: true })
    writeFileSync(dir, '')
    expect(await call('POST', '/admin/clients', { name: 'server' })).toMatchObject({
      status: 500,
      body: { error: { code: 'clients.file-unusable' } },
    })
    expect(clients.identify(bearer(token))).toEqual({ name: 'laptop' })
    rmSync(dir)
    mkdirSync(dir)
    await add('server')
    const { body } = await call('GET', '/admin/clients')
    expect(clientListSchema.parse(body).clients.map(({ name }) => name)).toEqual(['laptop', 'server'])
  })
})
