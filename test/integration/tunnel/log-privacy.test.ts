import { once } from 'node:events'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { expect, onTestFinished, test } from 'vitest'
import { dialAsAgent, tlsOfAgent } from '../../support/dial-as-agent.ts'
import { freePort } from '../../support/free-port.ts'
import { logLines, PRIVATE } from '../../support/log-lines.ts'
import { soon } from '../../support/soon.ts'
import { startWeb } from '../../support/start-hosts.ts'
import { startOldAgent } from '../../support/start-old-agent.ts'
import { startBytes } from '../../support/start-proxy.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs, startServer } = tunnelFixture()

const ADDRESS = `/${PRIVATE}/index.html?token=${PRIVATE}`
const HEADERS = { authorization: `Basic ${PRIVATE}`, cookie: `a=${PRIVATE}`, referer: `http://h/${PRIVATE}` }

/** Where a request may go: one that answers, one that nobody has, and one that is no host of the internet. */
async function places(): Promise<readonly string[]> {
  const web = await startWeb((_request, response) => response.end(PRIVATE))
  return [`127.0.0.1:${web}`, `127.0.0.1:${await freePort()}`, '10.0.0.1:80', 'nowhere.invalid:80']
}

/** The lines that say something else than that an agent came and went, and that none says too much. */
function checkedLines(lines: readonly string[]): string[] {
  expect(lines.join('')).toContain('an agent connected')
  expect(lines.join('')).not.toContain(PRIVATE)
  return lines.filter((line) => !/an agent connected|an agent is gone/.test(line))
}

async function startLogged() {
  const { log, lines } = logLines('tunnel-server')
  return { server: await startServer({ log }), lines }
}

async function dialH2(port: number): Promise<ClientHttp2Session> {
  const session = connect(`https://127.0.0.1:${port}`, await tlsOfAgent(certs))
  session.on('error', () => undefined)
  onTestFinished(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

/** The status, or `reset`. */
async function asked(session: ClientHttp2Session, headers: Record<string, string>): Promise<unknown> {
  const stream = session.request(headers, { endStream: false })
  stream.on('error', () => undefined)
  const answered = once(stream, 'response').then(([answer]) => (answer as IncomingHttpHeaders)[':status'])
  const status = await Promise.race([answered, once(stream, 'close').then(() => 'reset')])
  stream.destroy()
  return status
}

test('over HTTP/2 nothing of a path, a query, a header or an odd target comes into the log', async () => {
  const { server, lines } = await startLogged()
  const session = await dialH2(server.port)
  const heard: unknown[] = []
  for (const place of await places()) {
    const web = { ':protocol': 'websocket', ':scheme': 'http', ':authority': place, ':path': ADDRESS }
    heard.push(await asked(session, { ':method': 'CONNECT', ':authority': place, ...HEADERS }))
    heard.push(await asked(session, { ':method': 'CONNECT', ...web, ...HEADERS }))
  }
  expect(heard[0]).toBe(200)
  expect(heard.slice(2).every((status) => typeof status === 'number' && status >= 400)).toBe(true)
  for (const authority of [`me:${PRIVATE}@h.test:80`, `h.test:80${ADDRESS}`, `me:${PRIVATE}`])
    expect(await asked(session, { ':method': 'CONNECT', ':authority': authority })).not.toBe(200)
  const plain = { ':method': 'GET', ':scheme': 'http', ':authority': 'h.test', ':path': ADDRESS }
  expect(await asked(session, { ...plain, ...HEADERS })).not.toBe(200)
  expect(checkedLines(lines)).toEqual([])
})

test('over envelopes nothing of a URL, a header or a body comes into the log', async () => {
  const { server, lines } = await startLogged()
  const agent = await startOldAgent(certs, server)
  const headers = Object.fromEntries(Object.entries(HEADERS).map(([name, value]) => [name, [value]]))
  const odd = [`ftp://h.test${ADDRESS}`, `${PRIVATE} no URL`, `http://me:${PRIVATE}@10.0.0.1${ADDRESS}`]
  const urls = [...(await places()).map((place) => `http://${place}${ADDRESS}`), ...odd]
  const statuses: unknown[] = []
  for (const [index, url] of urls.entries()) {
    const body = Buffer.from(PRIVATE).toString('base64')
    agent.send('http_request', { id: `r${index}`, method: 'POST', url, headers, body })
    statuses.push((await agent.next('http_response', `r${index}`)).status_code)
    agent.send('ws_open', { id: `w${index}`, url, headers })
    expect((await agent.next('ws_ack', `w${index}`)).ok).toBe(false)
  }
  expect(statuses[0]).toBe(200)
  expect(statuses.slice(1).every((status) => Number(status) >= 400)).toBe(true)
  for (const address of [`me:${PRIVATE}@h.test:80`, `h.test:80${ADDRESS}`]) {
    agent.send('connect_open', { id: address.slice(-60), address })
    await soon(() => expect(agent.heard.at(-1)?.payload).toMatchObject({ id: address.slice(-60) }))
    expect(agent.heard.at(-1)?.payload).toHaveProperty('error')
  }
  expect(checkedLines(lines)).toEqual([])
})

test.each([
  ['a method that HTTP forbids', 'http_request', { method: `GET ${PRIVATE}` }],
  ['a header that HTTP forbids', 'http_request', { headers: { 'x-one': [`${PRIVATE}\r\n${PRIVATE}`] } }],
  ['a header name that HTTP forbids', 'http_request', { headers: { [`x ${PRIVATE}`]: ['1'] } }],
  ['a header of a WebSocket that HTTP forbids', 'ws_open', { headers: { 'x-one': [`${PRIVATE}\r\n`] } }],
  ['a name of a WebSocket header that HTTP forbids', 'ws_open', { headers: { [`x ${PRIVATE}`]: ['1'] } }],
  [
    'a subprotocol that there cannot be',
    'ws_open',
    { headers: { 'sec-websocket-protocol': [`${PRIVATE} x`] } },
  ],
  ['a URL with a fragment', 'ws_open', { fragment: `#${PRIVATE}` }],
] as const)('%s in an envelope is not in the log, and leaves no connection behind', async (_, type, more) => {
  const { server, lines } = await startLogged()
  const agent = await startOldAgent(certs, server)
  const host = await startBytes((socket) => socket.resume().once('end', () => socket.end()))
  const url = `http://127.0.0.1:${host.port}${ADDRESS}${'fragment' in more ? more.fragment : ''}`
  agent.send(type, { id: 'one', method: 'GET', url, headers: {}, ...more })
  const answer = await agent.next(type === 'ws_open' ? 'ws_ack' : 'http_response', 'one')
  expect(type === 'ws_open' ? answer.ok : answer.status_code).toBe(type === 'ws_open' ? false : 400)
  expect(checkedLines(lines)).toEqual([])
  await soon(() => expect(host.sockets.filter((socket) => !socket.closed)).toEqual([]))
})

test('of lines that are no envelopes the log says that they came, and not what they were', async () => {
  const { server, lines } = await startLogged()
  for (const line of [`{"type": ${PRIVATE}`, `["${PRIVATE}"]`, `{"type":"${PRIVATE}","payload":{}}`]) {
    const socket = await dialAsAgent(certs, server)
    socket.end(`${line}\n`)
    await soon(() => (socket.closed ? true : undefined))
  }
  await soon(() => expect(checkedLines(lines)).toHaveLength(2))
  for (const line of checkedLines(lines))
    expect(line).toMatch(/sent a line that is not JSON|sent JSON that is no envelope/)
})
