import { once } from 'node:events'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { startTestRelay, type TestRelay } from '../../../support/start-relay.ts'

let relay: TestRelay

beforeAll(async () => {
  relay = await startTestRelay({ config: { relay: { max_body_bytes: 65_536 } } })
})
afterAll(() => relay.close())

const CHAT = JSON.stringify({ model: 'gpt-4.1', messages: [{ role: 'user', content: 'hi' }] })

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${relay.url}${path}`, { method: 'POST', body, headers })
}

test('/health says ok, cheaply and without secrets', async () => {
  const before = relay.copilot.requests.length
  const reply = await fetch(`${relay.url}/health`)
  expect(await reply.json()).toMatchObject({ status: 'ok', authenticated: true })
  expect(relay.copilot.requests.length - before).toBeLessThanOrEqual(1)
})

test('HEAD / is answered without a body', async () => {
  const reply = await fetch(relay.url, { method: 'HEAD' })
  expect([reply.status, await reply.text()]).toEqual([200, ''])
})

test('an unknown path and a wrong method are told apart', async () => {
  expect((await fetch(`${relay.url}/nothing`)).status).toBe(404)
  const wrong = await fetch(`${relay.url}/v1/chat/completions`)
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
})

test('a count of tokens is refused in words that Anthropic clients understand', async () => {
  const reply = await post('/v1/messages/count_tokens', '{}')
  expect(reply.status).toBe(404)
  expect(await reply.json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } })
})

describe('requests from web pages', () => {
  test.each([
    ['a foreign Host', { Host: 'evil.example' }],
    ['a foreign Origin', { Host: 'localhost', Origin: 'https://evil.example' }],
    ['a page on another loopback port', { Host: '127.0.0.1:1', Origin: 'http://127.0.0.1:2' }],
    ['a cross-site fetch', { Host: 'localhost', 'Sec-Fetch-Site': 'cross-site' }],
  ])('%s is refused', async (_name, headers) => {
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const text = await rawHttp(
      relay.port,
      `GET /health HTTP/1.1\r\n${head.join('')}Connection: close\r\n\r\n`,
    )
    expect(text).toMatch(/^HTTP\/1.1 403/)
    expect(text).toContain('relay.foreign-request')
    expect(text).toContain('Host' in headers && headers.Host === 'evil.example' ? 'names' : 'A web page sent')
    expect(text.toLowerCase()).not.toContain('access-control-allow')
  })
})

describe('requests that hide another request', () => {
  test.each([
    ['two Host headers', 'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n'],
    ['no Host header', 'GET /health HTTP/1.1\r\n\r\n'],
    [
      'Transfer-Encoding in HTTP/1.0',
      'POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'both lengths',
      'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'two lengths',
      'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd',
    ],
  ])('%s get 400', async (_name, text) => {
    const before = relay.copilot.requests.length
    const reply = await rawHttp(relay.port, text)
    expect(reply).toMatch(/^HTTP\/1\.[01] 400/)
    expect(relay.copilot.requests).toHaveLength(before)
  })
})

test('fifteen hundred headers are read to the last one', async () => {
  const filler = Array.from({ length: 1500 }, (_, index) => `x-${index}: 1\r\n`).join('')
  const head = `GET /auth/device HTTP/1.1\r\nHost: localhost\r\n${filler}Origin: https://evil.example\r\nConnection: close\r\n\r\n`
  expect(await rawHttp(relay.port, head)).toMatch(/^HTTP\/1.1 403/)
})

describe('request bodies', () => {
  test('an announced body that is too large is refused before it is sent', async () => {
    const before = relay.copilot.requests.length
    const call = request({
      ...{ port: relay.port, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions' },
      headers: { 'content-length': 100 * 1024 * 1024, expect: '100-continue' },
    })
    let wasContinued = false
    call.on('continue', () => {
      wasContinued = true
    })
    call.on('error', () => undefined)
    call.flushHeaders()
    const [reply] = await once(call, 'response')
    expect([reply.statusCode, wasContinued]).toEqual([413, false])
    call.destroy()
    expect(relay.copilot.requests).toHaveLength(before)
  })

  test('a body that grows beyond the limit unannounced is refused', async () => {
    const chunk = Buffer.alloc(16_384, ' ')
    const pieces = Array.from({ length: 8 }, () => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']).flat()
    const reply = await rawHttp(
      relay.port,
      Buffer.concat([
        Buffer.from(
          'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n',
        ),
        ...pieces.map((piece) => Buffer.from(piece)),
        Buffer.from('0\r\n\r\n'),
      ]),
    )
    expect(reply).toMatch(/^HTTP\/1.1 413/)
    expect(reply).toContain('relay.body-too-large')
  })

  test('a client that waits for "100 Continue" gets it', async () => {
    const call = request({
      ...{ port: relay.port, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions' },
      headers: { 'content-length': CHAT.length, expect: '100-continue' },
    })
    call.on('continue', () => call.end(CHAT))
    call.flushHeaders()
    const [reply] = await once(call, 'response')
    expect(reply.statusCode).toBe(200)
    reply.resume()
  })

  test.each([
    ['malformed JSON', '{"model":', {}, 400],
    ['an array', '[1]', {}, 400],
    ['a compressed body', 'xx', { 'content-encoding': 'gzip' }, 415],
  ])('%s is refused', async (_name, body, headers, status) => {
    const reply = await post('/v1/chat/completions', body, headers)
    expect(reply.status).toBe(status)
    expect(await reply.json()).toHaveProperty('relay.remedy')
  })
})

test('without admin rights sign-in is refused in words that say how', async () => {
  for (const [method, path] of [
    ['POST', '/auth/device'],
    ['POST', '/auth/poll'],
    ['GET', '/auth/poll?flow_id=x'],
    ['POST', '/auth/token'],
    ['DELETE', '/auth/token'],
    ['GET', '/admin/clients'],
  ] as const) {
    const reply = await fetch(`${relay.url}${path}`, { method })
    expect([path, reply.status]).toEqual([path, 403])
    expect(await reply.text()).toContain('sovereign relay login')
  }
})

test('close waits for the stream that is running, refuses new ones, and a second close cuts', async () => {
  const own = await startTestRelay({ copilot: { isTokenValid: () => true } })
  own.copilot.script({ text: 'a b', end: 'stall' })
  const socket = await openRaw(own.port)
  const body = JSON.stringify({ ...JSON.parse(CHAT), stream: true })
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  await once(socket, 'data')
  const gone = once(socket, 'close')
  let isClosed = false
  const closed = own.relay.close(60_000).then(() => {
    isClosed = true
  })
  await expect(fetch(`${own.url}/health`)).rejects.toThrow()
  expect(isClosed).toBe(false)
  void own.relay.close()
  await Promise.all([closed, gone])
  await own.close()
})
