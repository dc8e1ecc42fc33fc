import { expect, test } from 'vitest'
import { rawHttp } from '../../../support/raw-http.ts'
import { OK, startProxy, startScripted } from '../../../support/start-proxy.ts'

const GARBAGE = '\x00\x01 not HTTP\r\n\r\n'

const GET = 'GET http://HOST/a HTTP/1.1\r\nHost: h\r\n\r\n'
const LAST = 'GET http://HOST/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
const POST = 'POST http://HOST/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc'

// A server takes no notice of what comes behind the last request (RFC 9112 §9.6), and answers what it has understood.
test.each([
  ['another request behind the last one', `${LAST}${GET}`],
  ['a byte behind the last one', `${POST}x`],
  ['another request behind one of HTTP/1.0', `GET http://HOST/a HTTP/1.0\r\n\r\n${GET}`],
  ['garbage behind a request', `${GET}${GARBAGE}`],
  ['garbage behind an upload', `${POST.replace('Connection: close\r\n', '')}${GARBAGE}`],
])('%s does not cost it its answer', async (_what, request) => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const heard = await rawHttp(port, request.replaceAll('HOST', `127.0.0.1:${host.port}`))
  expect(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(heard.split('HTTP/1.1 ')).toHaveLength(2)
  expect(heard).toMatch(/\r\n\r\nok$/)
  expect(host.heard.join('').match(/^(?:GET|POST) /gm)).toHaveLength(1)
})
