import { type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { ApiServer } from '../../../../src/main/api/api-server.ts'
import { DashboardDoor } from '../../../../src/main/api/dashboard-door.ts'
import type { DashboardFiles } from '../../../../src/main/api/dashboard-files.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'
import { makeApiHome } from '../../../support/start-api-server.ts'

const FILES: DashboardFiles = new Map([
  ['/', { type: 'text/html; charset=utf-8', text: '<title>Dashboard</title>', etag: '"1"' }],
  ['/app.js', { type: 'text/javascript; charset=utf-8', text: 'start()', etag: '"2"' }],
])

async function start(files: DashboardFiles | 'not built' = FILES) {
  const ambient = fakeAmbient()
  const home = await makeApiHome()
  const server = await home.start({
    dashboard: { door: new DashboardDoor(ambient), files: files === 'not built' ? undefined : files },
  })
  return { server, ambient, origin: new URL(server.url).origin.replace('ws:', 'http:') }
}

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function ask(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return await new Promise((resolve, reject) => {
    const call = request(url, { method, headers, agent: false })
    call.on('error', reject)
    call.on('response', async (response) => {
      const body = await text(response)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
    })
    call.end()
  })
}

async function openBrowser(server: ApiServer): Promise<string> {
  const welcome = await ask(server.makeDashboardLink() ?? '')
  return welcome.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}

async function attaches(server: ApiServer, headers: Record<string, string>): Promise<boolean> {
  const socket = new WebSocket(server.url, ['sovereign.v1'], { headers })
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.on('open', () => resolve(true)).on('error', () => resolve(false))
  })
  socket.terminate()
  return isOpen
}

test('a one-time link lets a browser in with a cookie that no other site and no script can use', async () => {
  const { server, origin } = await start()
  const welcome = await ask(server.makeDashboardLink() ?? '')
  expect(welcome.status).toBe(200)
  expect(welcome.headers.refresh).toBe('0; url=/')
  // Without one the browser asks for /favicon.ico, and complains that there is none.
  expect(welcome.body).toContain('<link rel="icon" href="data:,">')
  const [cookie = ''] = welcome.headers['set-cookie'] ?? []
  expect(cookie).toMatch(/^sovereign-bridge-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  const page = await ask(origin, { headers: { cookie: cookie.split(';')[0] ?? '' } })
  expect(page).toMatchObject({ status: 200, body: '<title>Dashboard</title>' })
  expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
})

test('a link works once, and for ten minutes only', async () => {
  const { server, ambient } = await start()
  const link = server.makeDashboardLink() ?? ''
  expect((await ask(link)).status).toBe(200)
  const second = await ask(link)
  expect(second.status).toBe(410)
  expect(second.body).toContain('Run &quot;sovereign dashboard&quot;')
  const old = server.makeDashboardLink() ?? ''
  ambient.pass(10 * 60_000 + 1)
  expect((await ask(old)).status).toBe(410)
})

test('a browser that fetches ahead does not use the link up', async () => {
  const { server } = await start()
  const link = server.makeDashboardLink() ?? ''
  expect((await ask(link, { headers: { 'sec-purpose': 'prefetch;prerender' } })).status).toBe(503)
  expect((await ask(link, { method: 'HEAD' })).status).toBe(503)
  expect((await ask(link)).status).toBe(200)
})

test('without the cookie nothing of the dashboard is shown, and it is said how to get in', async () => {
  const { server, origin } = await start()
  await openBrowser(server)
  for (const path of ['/', '/app.js']) {
    const refused = await ask(`${origin}${path}`, { headers: { cookie: 'sovereign-bridge-1=guess' } })
    expect(refused.status).toBe(401)
    expect(refused.body).toContain('sovereign dashboard')
    expect(refused.body).not.toContain('start()')
  }
})

test('a file that the browser has already is not sent again', async () => {
  const { server, origin } = await start()
  const cookie = await openBrowser(server)
  const again = await ask(`${origin}/app.js`, { headers: { cookie, 'if-none-match': '"2"' } })
  expect(again).toMatchObject({ status: 304, body: '' })
})

test('a page of the dashboard attaches with its cookie; another origin with the same cookie does not', async () => {
  const { server, origin } = await start()
  const cookie = await openBrowser(server)
  expect(await attaches(server, { cookie, origin })).toBe(true)
  expect(await attaches(server, { cookie, origin: 'http://127.0.0.1:1' })).toBe(false)
  expect(await attaches(server, { cookie, origin: 'https://evil.example' })).toBe(false)
  expect(await attaches(server, { cookie })).toBe(false)
  expect(await attaches(server, { origin })).toBe(false)
})

test('a Host that is not this machine sees nothing, not even with a link', async () => {
  const { server } = await start()
  const link = server.makeDashboardLink() ?? ''
  const refused = await ask(link, { headers: { host: 'rebound.example' } })
  expect(refused.status).toBe(403)
  expect((await ask(link)).status).toBe(200)
})

test('whoever has the token of the bridge gets a new link; nobody else does', async () => {
  const { server, origin } = await start()
  const wish = (token: string): Promise<Reply> =>
    ask(`${origin}/dashboard-link`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  const { url } = JSON.parse((await wish(server.token)).body)
  expect(url).toContain(`${origin}/open/`)
  expect((await ask(url)).status).toBe(200)
  expect((await wish('sbb_wrong')).status).toBe(404)
})

test('where the dashboard is not built there is no link, and a browser is told what to run', async () => {
  const { server, origin } = await start('not built')
  expect(server.makeDashboardLink()).toBeUndefined()
  expect((await ask(origin)).status).toBe(503)
})
