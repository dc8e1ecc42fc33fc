import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { freePort } from '../../../support/free-port.ts'
import { startHost, startWeb } from '../../../support/start-hosts.ts'
import { decoded, encoded, type OldAgent, startOldAgent } from '../../../support/start-old-agent.ts'
import { tunnelFixture } from '../../../support/tunnel-fixture.ts'

// The requests and the WebSockets that agents of the first version have the server make for them.

const { certs, startServer } = tunnelFixture()

async function start(): Promise<OldAgent> {
  return startOldAgent(certs, await startServer())
}

describe('http_request', () => {
  test('is carried out once, without redirects and without headers of one connection', async () => {
    const seen: IncomingMessage[] = []
    const port = await startWeb((request, response) => {
      seen.push(request)
      response.writeHead(302, {
        location: '/elsewhere',
        'set-cookie': ['a=1', 'b=2'],
        connection: 'close, x-hop',
        'x-hop': '1',
        'proxy-authentication-info': 'of another proxy',
      })
      request.pipe(response)
    })
    const agent = await start()
    const headers = {
      'X-One': ['1'],
      Connection: ['x-mine'],
      'X-Mine': ['2'],
      'Proxy-Authorization': ['secret'],
    }
    const url = `http://127.0.0.1:${port}/path?q=1`
    agent.send('http_request', { id: 'r', method: 'POST', url, headers, body: encoded('the body') })
    const answer = await agent.next('http_response', 'r')
    expect({ ...answer, body: decoded(answer.body) }).toMatchObject({
      status_code: 302,
      headers: { location: ['/elsewhere'], 'set-cookie': ['a=1', 'b=2'] },
      body: 'the body',
    })
    expect(Object.keys(answer.headers as object)).not.toContain('x-hop')
    expect(Object.keys(answer.headers as object)).not.toContain('proxy-authentication-info')
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/path?q=1',
      headers: { 'x-one': '1', host: `127.0.0.1:${port}` },
    })
    expect(Object.keys(seen[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(['x-mine']))
    expect(seen[0]?.headers['proxy-authorization']).toBeUndefined()
  })

  test.each([
    ['a host that refuses', async () => `http://127.0.0.1:${await freePort()}/`, 502, /refused/],
    ['a host that is denied', () => 'http://10.0.0.1/', 403, /private network/],
    ['what is no URL', () => '/path', 400, /absolute/],
    ['another scheme', () => 'file:///etc/passwd', 400, /absolute/],
    [
      'what does not speak HTTP',
      async () => `http://127.0.0.1:${await startHost((socket) => socket.end('hello\r\n\r\n'))}/`,
      502,
      /correct HTTP/,
    ],
    [
      'an answer that is too large',
      async () =>
        `http://127.0.0.1:${await startWeb((_request, response) => response.end(Buffer.alloc(11e6)))}/`,
      502,
      /larger than 10 MiB/,
    ],
  ])('to %s is answered with words', async (_what, url, status, words) => {
    const agent = await start()
    agent.send('http_request', { id: 'r', method: 'GET', url: await url(), headers: {} })
    const answer = await agent.next('http_response', 'r')
    expect(answer.error).toMatch(words)
    expect(answer).toMatchObject({ status_code: status, headers: { 'Content-Type': ['text/plain'] } })
    expect(decoded(answer.body)).toBe(`Tunnel error: ${String(answer.error)}`)
  })
})

describe('ws_open', () => {
  test('carries messages both ways in order, with pings, subprotocol and close code', async () => {
    const web = createServer()
    const sockets = new WebSocketServer({ server: web, handleProtocols: () => 'chat' })
    web.listen(0, '127.0.0.1')
    await once(web, 'listening')
    onTestFinished(() => {
      for (const client of sockets.clients) client.terminate()
      web.close()
    })
    const protocols: string[] = []
    sockets.on('connection', (socket) => {
      protocols.push(socket.protocol)
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      socket.ping('are you there')
    })
    const { port } = web.address() as { port: number }
    const agent = await start()
    const headers = {
      ...{
        Upgrade: ['websocket'],
        Connection: ['Upgrade'],
        'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ=='],
      },
      ...{ 'Sec-WebSocket-Version': ['13'], 'Sec-WebSocket-Protocol': ['chat'] },
    }
    agent.send('ws_open', { id: 'w', url: `http://127.0.0.1:${port}/socket`, headers })
    expect(await agent.next('ws_ack', 'w')).toEqual({ id: 'w', ok: true })
    expect(decoded((await agent.next('ws_message', 'w')).data)).toBe('are you there')
    for (let count = 0; count < 50; count += 1)
      agent.send('ws_message', { id: 'w', message_type: 1 + (count % 2), data: encoded(`m${count}`) })
    for (let count = 0; count < 50; count += 1) {
      const { data, message_type: type } = await agent.next('ws_message', 'w')
      expect([decoded(data), type]).toEqual([`m${count}`, 1 + (count % 2)])
    }
    agent.send('ws_close', { id: 'w', code: 4001 })
    expect(await agent.next('ws_close', 'w')).toEqual({ id: 'w', code: 4001 })
    expect(protocols).toEqual(['chat'])
  })

  test('to a host that takes none is acknowledged negatively', async () => {
    const port = await startWeb((_request, response) => response.writeHead(404).end())
    const agent = await start()
    agent.send('ws_open', { id: 'w', url: `ws://127.0.0.1:${port}/`, headers: {} })
    expect(await agent.next('ws_ack', 'w')).toMatchObject({
      ok: false,
      error: expect.stringMatching(/404/) as string,
    })
  })
})
