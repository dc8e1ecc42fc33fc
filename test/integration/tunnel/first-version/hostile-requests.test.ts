import { expect, test } from 'vitest'
import { startHost } from '../../../support/start-hosts.ts'
import { encoded, startOldAgent } from '../../../support/start-old-agent.ts'
import { startScripted } from '../../../support/start-proxy.ts'
import { tunnelFixture } from '../../../support/tunnel-fixture.ts'

// What an agent may ask of the server in words that would become another request, or go to another host, on the wire.

const { certs, startServer } = tunnelFixture()
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, readonly string[]>>
  readonly body?: string
}

async function ask({ method = 'GET', path = '/', headers = {}, body = '' }: Asked, answer = OK) {
  const host = await startScripted(answer)
  const agent = await startOldAgent(certs, await startServer())
  const url = `http://127.0.0.1:${host.port}${path}`
  agent.send('http_request', { id: 'r', method, url, headers, body: encoded(body) })
  const got = await agent.next('http_response', 'r')
  return { got, heard: host.heard.join(''), authority: `127.0.0.1:${host.port}` }
}

test.each([
  ['another host', { Host: ['internal.example'] }],
  ['two hosts', { Host: ['internal.example', 'b.example'] }],
  ['a host in other letters', { hOST: ['internal.example'], HOST: ['b.example'] }],
] as const)('a request that names %s in its headers says the one of its URL', async (_what, headers) => {
  const { got, heard, authority } = await ask({ headers })
  expect(got).toMatchObject({ status_code: 200 })
  expect(heard.match(/^host:.*$/gim)).toEqual([`Host: ${authority}`])
})

test.each([
  ['a method that is a tunnel', { method: 'CONNECT' }],
  ['a method that is two lines', { method: 'GET / HTTP/1.1\r\nX: y\r\n\r\nGET' }],
  ['a method that is a number and a blank', { method: 'G T' }],
  ['a name that is two lines', { headers: { 'X-A: 1\r\nX-B': ['2'] } }],
  ['a name with a blank before its colon', { headers: { 'Transfer-Encoding ': ['chunked'] } }],
  ['an empty name', { headers: { '': ['x'] } }],
  ['a value that is two lines', { headers: { 'X-A': ['1\r\nX-B: 2'] } }],
  ['a value with a bare line feed', { headers: { 'X-A': ['1\nX-B: 2'] } }],
  ['a value with a null', { headers: { 'X-A': ['a\0b'] } }],
] as const)('%s is refused before anything is written', async (_what, asked) => {
  const { got, heard } = await ask(asked)
  expect(got).toMatchObject({ status_code: 400, error: expect.any(String) as string })
  expect(heard).toBe('')
})

test.each([
  ['a length that is too short', { 'Content-Length': ['1'] }],
  ['a length that is too long', { 'content-length': ['900'] }],
  ['two lengths', { 'Content-Length': ['1', '2'] }],
  ['a coding', { 'Transfer-Encoding': ['chunked'] }],
  ['a coding beside a length', { 'transfer-encoding': ['identity, chunked'], 'CONTENT-LENGTH': ['3'] }],
  ['an expectation', { Expect: ['100-continue'] }],
  ['trailers', { Trailer: ['X-Late'], TE: ['trailers'] }],
  ['a change of protocol', { Connection: ['Upgrade'], Upgrade: ['h2c'] }],
  ['a length that Connection names', { Connection: ['content-length, host'] }],
] as const)('a body that is announced with %s is framed anew', async (_what, headers) => {
  const { got, heard, authority } = await ask({ method: 'POST', headers, body: 'the body' })
  expect(got).toMatchObject({ status_code: 200 })
  const [head = '', ...rest] = heard.split('\r\n\r\n')
  expect(rest).toEqual(['the body'])
  expect(head.match(/^content-length:.*$/gim)).toEqual(['Content-Length: 8'])
  expect(head.match(/^host:.*$/gim)).toEqual([`Host: ${authority}`])
  expect(head).not.toMatch(/^(?:transfer-encoding|expect|trailer|te|upgrade):/im)
})

test.each([
  ['/a b', '/a%20b'],
  ['/a\r\nX: y', '/aX:%20y'],
  ['/a#fragment', '/a'],
  ['/../../etc', '/etc'],
  ['?q=\u{1F600}', '/?q=%F0%9F%98%80'],
])('the path %j is one line on the wire', async (path, written) => {
  const { heard } = await ask({ path })
  expect(heard.split('\r\n')[0]).toBe(`GET ${written} HTTP/1.1`)
})

test('none of 1,500 headers of an answer is lost', async () => {
  const many = Array.from({ length: 1_500 }, (_, index) => `x-${index}: ${index}\r\n`).join('')
  const { got } = await ask({}, `HTTP/1.1 200 OK\r\n${many}Content-Length: 2\r\nConnection: close\r\n\r\nok`)
  expect(Object.keys(got.headers as object).filter((name) => name.startsWith('x-'))).toHaveLength(1_500)
})

test.each([
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
  ['a length and a coding', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a length that is no number', 'Content-Length: +2\r\n\r\nok'],
  ['a name with a blank before its colon', 'X-A : b\r\nContent-Length: 2\r\n\r\nok'],
  ['a head that is too large', `X: ${'x'.repeat(70_000)}\r\nContent-Length: 2\r\n\r\nok`],
])('an answer with %s is a failure in words', async (_what, rest) => {
  const { got } = await ask({}, `HTTP/1.1 200 OK\r\n${rest}`)
  expect(got).toMatchObject({ status_code: 502, error: expect.any(String) as string })
})

test('an answer that is cut short is a failure in words', async () => {
  const port = await startHost((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'))
  const agent = await startOldAgent(certs, await startServer())
  agent.send('http_request', { id: 'r', method: 'GET', url: `http://127.0.0.1:${port}/`, headers: {} })
  const answer = await agent.next('http_response', 'r')
  expect(answer).toMatchObject({ status_code: 502, error: 'The host cut its answer short.' })
})
