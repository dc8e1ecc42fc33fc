import { expect, test } from 'vitest'
import { openRaw } from '../../../support/raw-http.ts'
import { OK, startProxy, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

// Node's parser drops headers beyond about a thousand without a word, unless it is told not to.

const MANY = Array.from({ length: 1_500 }, (_, index) => `X-${index}: ${index}\r\n`).join('')
const POST = 'POST http://HOST/ HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nContent-Length: 1\r\n\r\nx'
const UPGRADE = 'GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n'

test.each([
  ['the answer to an upload', POST, `HTTP/1.1 200 OK\r\n${MANY}Content-Length: 2\r\n\r\nok`],
  ['an interim answer to an upload', POST, `HTTP/1.1 103 Early Hints\r\n${MANY}\r\n${OK}`],
  ['the trailers of an answer to an upload', POST, `${CHUNKED}${MANY}\r\n`],
  ['a change of protocol', UPGRADE, `${SWITCHING}${MANY}\r\n`],
  ['a refused change of protocol', UPGRADE, `HTTP/1.1 200 OK\r\n${MANY}Content-Length: 2\r\n\r\nok`],
])('none of 1,500 headers is lost of %s', async (_what, request, answer) => {
  const host = await startScripted(answer)
  const { port } = await startProxy()
  const client = await openRaw(port)
  let heard = ''
  client.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1')
  })
  client.write(request.replaceAll('HOST', `127.0.0.1:${host.port}`))
  expect(await waitUntil(() => heard.includes('X-1499: 1499\r\n'), 5_000)).toBe(true)
  expect(heard).toContain(MANY)
  client.destroy()
})
