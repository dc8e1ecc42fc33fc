import { once } from 'node:events'
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import type { Egress } from '../../../../src/main/egress/egress.ts'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { startWeb } from '../../../support/start-hosts.ts'
import { OK, type ScriptedHost, startBytes, startProxy, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

/** Through a proxy of its own, after which the connection ends. */
async function ask(host: ScriptedHost, request: string, options = {}): Promise<string> {
  const { port } = await startProxy(options)
  return rawHttp(port, request.replaceAll('HOST', `127.0.0.1:${host.port}`))
}

const headOf = (text: string): string => text.split('\r\n\r\n')[0] ?? ''

test('headers that belong to one connection do not reach the host, and the others do as they came', async () => {
  const host = await startScripted(OK)
  await ask(
    host,
    [
      'GET http://HOST/ HTTP/1.1',
      'Host: HOST',
      'X-Kept: Yes',
      'x-kept: again',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic c2VjcmV0OnNlY3JldA==',
      'Proxy-Authenticate: Basic',
      'TE: gzip, trailers;q=0.5',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
      'X-Secret-Hop: secret',
      'X-Other: secret',
      'Connection: close, X-Secret-Hop, Upgrade, HTTP2-Settings',
      'Connection: x-other',
      '\r\n',
    ].join('\r\n'),
  )
  const [heard = ''] = host.heard
  expect(heard).toContain('X-Kept: Yes\r\nx-kept: again\r\n')
  expect(heard).toContain('TE: trailers\r\n')
  expect(heard).not.toMatch(/secret|keep-alive: |proxy-|gzip|upgrade|http2|x-other/i)
})

test('what Connection may not name stays: a body keeps its length', async () => {
  const host = await startScripted(OK)
  await ask(
    host,
    'POST http://HOST/ HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\nConnection: close, content-length, host\r\n\r\nabc',
  )
  expect(await waitUntil(() => host.heard[0]?.endsWith('\r\n\r\nabc') === true, 5_000)).toBe(true)
  expect(host.heard[0]).toMatch(/content-length: 3/i)
  expect(host.heard[0]).toContain(`Host: 127.0.0.1:${host.port}`)
})

test('an answer loses what belongs to one connection, and keeps everything else in order', async () => {
  const host = await startScripted(
    'HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nX-Gone: secret\r\nSet-Cookie: b=2\r\nKeep-Alive: timeout=9\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nConnection: X-Gone, keep-alive, Upgrade\r\nContent-Length: 2\r\n\r\nok',
  )
  const answer = await ask(host, 'GET http://HOST/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n')
  expect(answer).toMatch(
    /^HTTP\/1\.1 200 Fine\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\nVia: 1\.1 sovereign-bridge-/,
  )
  expect(answer).not.toMatch(/secret|timeout=9|h2c|proxy-authenticate|date:/i)
})

test('Via is added behind what is there, and a request that comes back is a loop', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const request = (via: string): string =>
    `GET http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: x\r\n${via}Connection: close\r\n\r\n`
  await rawHttp(port, request('Via: 1.0 fred\r\n'))
  const [, pseudonym = ''] = /Via: 1\.0 fred\r\nVia: 1\.1 (\S+)\r\n/.exec(host.heard[0] ?? '') ?? []
  expect(pseudonym).not.toBe('')
  const answer = await rawHttp(port, request(`Via: 1.0 fred, 1.1 ${pseudonym}, 1.1 other\r\n`))
  expect(headOf(answer)).toMatch(/^HTTP\/1\.1 508 [\s\S]*x-bridge-error: proxy\.loop/i)
  expect(host.heard).toHaveLength(1)
})

test.each(['127.0.0.1', '127.1', '0x7f000001', '[::ffff:127.0.0.1]', 'localhost', '0.0.0.0', '127.0.0.1.'])(
  'asked to go to itself as %s, it refuses instead of answering itself without an end',
  async (name) => {
    const { port } = await startProxy({ allow: ['127.0.0.0/8', '0.0.0.0', 'localhost'] })
    const answer = await rawHttp(
      port,
      `GET http://${name}:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
    expect(headOf(answer)).toMatch(/^HTTP\/1\.1 508 /)
  },
)

test('Host is rewritten from the target, whatever it said', async () => {
  const host = await startScripted(OK)
  await ask(host, 'GET http://HOST/a HTTP/1.1\r\nHost: internal.example\r\nConnection: close\r\n\r\n')
  expect(host.heard[0]).toMatch(
    new RegExp(`^GET /a HTTP/1\\.1\r\nhost: 127\\.0\\.0\\.1:${host.port}\r\n`, 'i'),
  )
  expect(host.heard[0]).not.toContain('internal.example')
})

test.each([
  ['/a/../b/./c%2F%2e%2E?x=1&y=%20+#', '', 400],
  ['/a/../b/./c%2F%2e%2E?x=1&y=%20+', '/a/../b/./c%2F%2e%2E?x=1&y=%20+', 200],
  ['//double//slashes', '//double//slashes', 200],
  ['?query', '/?query', 200],
  ['', '/', 200],
])('the path %j goes on as %j, byte for byte', async (path, sent, status) => {
  const host = await startScripted(OK)
  const answer = await ask(host, `GET http://HOST${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  if (status === 200) expect(host.heard[0]?.split(' ')[1]).toBe(sent)
  else expect(host.heard).toEqual([])
})

test.each(['OPTIONS', 'TRACE'])(
  '%s with Max-Forwards goes on with one less, and not beyond zero',
  async (method) => {
    const host = await startScripted(OK)
    const request = (forwards: string): string =>
      `${method} http://HOST/ HTTP/1.1\r\nHost: HOST\r\nCookie: secret\r\nMax-Forwards: ${forwards}\r\nConnection: close\r\n\r\n`
    await ask(host, request('3'))
    expect(host.heard[0]).toMatch(/\r\nMax-Forwards: 2\r\n/)
    const answer = await ask(host, request('0'))
    expect(host.heard).toHaveLength(1)
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer).toMatch(
      method === 'TRACE' ? /\r\n\r\nTRACE http:\/\/[\s\S]*Max-Forwards: 0\r\n/ : /\r\nAllow: .*GET/,
    )
    expect(answer).not.toContain('secret')
    await ask(host, request('odd'))
    expect(host.heard[1]).toContain('Max-Forwards: odd')
  },
)

test('a password in a URL is refused and not repeated', async () => {
  const host = await startScripted(OK)
  const answer = await ask(
    host,
    'GET http://me:secret@HOST/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n',
  )
  expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*a user or a password before its host/)
  expect(answer).not.toContain('secret')
})

test.each(['localhost', 'a.localhost', 'localhost.', hostname()])(
  'a tunnel is not asked for this machine as %s, which would be another one there',
  async (name) => {
    const asked: string[] = []
    const egress: Egress = {
      name: 'mtls',
      connect: ({ host }) => {
        asked.push(host)
        return Promise.reject(new Error('not here'))
      },
      close: () => Promise.resolve(),
    }
    const { port } = await startProxy({ egress })
    const request = (to: number): string =>
      `GET http://${name}:${to}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
    expect(headOf(await rawHttp(port, request(port)))).toMatch(/^HTTP\/1\.1 508 /)
    expect(asked).toEqual([])
    await rawHttp(port, request(port === 80 ? 81 : 80))
    expect(asked).toHaveLength(1)
  },
)

test('OPTIONS about a server as a whole reaches it as such', async () => {
  const host = await startScripted(OK)
  const answer = await ask(host, 'OPTIONS http://HOST HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(host.heard[0]).toMatch(/^OPTIONS \* HTTP\/1\.1\r\n/)
})

test('no header is lost of a request and an answer with 1,500 of them', async () => {
  const many = Array.from({ length: 1_500 }, (_, index) => `X-${index}: ${index}\r\n`).join('')
  const host = await startScripted(`HTTP/1.1 200 OK\r\n${many}Content-Length: 2\r\n\r\nok`)
  const answer = await ask(
    host,
    `GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${many}Authorization: Bearer last\r\n\r\n`,
  )
  expect(host.heard[0]).toContain(many)
  expect(host.heard[0]).toContain('Authorization: Bearer last\r\n')
  expect(answer).toContain(many)
})

test.each([
  ['request', 70_000, 431, 'proxy.head-too-large'],
  ['answer', 70_000, 502, 'egress.bad-answer'],
  ['request', 40_000, 200, undefined],
  ['answer', 40_000, 200, undefined],
])('a %s with %i bytes of headers is answered with %i', async (side, bytes, status, code) => {
  const big = `X-Big: ${'b'.repeat(bytes)}\r\n`
  const host = await startScripted(
    `HTTP/1.1 200 OK\r\n${side === 'answer' ? big : ''}Content-Length: 2\r\n\r\nok`,
  )
  const answer = await ask(
    host,
    `GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${side === 'request' ? big : ''}\r\n`,
  )
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  if (code !== undefined) expect(headOf(answer)).toMatch(new RegExp(`x-bridge-error: ${code}`, 'i'))
})

test('interim answers pass, each once and in order, before the final one', async () => {
  const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Odd: 1\r\n\r\n'
  const host = await startScripted(`HTTP/1.1 102 Processing\r\n\r\n${hint}${hint}${OK}`)
  const answer = await ask(host, 'GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  expect(answer.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['102', '103', '103', '200'].map((n) => `HTTP/1.1 ${n}`))
  expect(answer).toContain('Link: </a.css>; rel=preload\r\nX-Odd: 1\r\n')
})

test('a 100 that nobody asked for breaks nothing', async () => {
  const host = await startScripted(`HTTP/1.1 100 Continue\r\n\r\n${OK}`)
  for (const request of [
    'GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
    'POST http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx',
  ])
    expect(await ask(host, request)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
})

test('HTTP/1.0 gets no interim answer, and an end that it can tell', async () => {
  const host = await startScripted(
    'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  )
  const answer = await ask(host, 'GET http://HOST/ HTTP/1.0\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(answer).not.toMatch(/chunked/i)
  expect(answer).toMatch(/\r\n\r\nok$/)
  expect(host.heard[0]).toContain('Via: 1.0 sovereign-bridge-')
})

test('Expect goes to the host, whose 100 comes back once and brings the body', async () => {
  const heard: string[] = []
  const server = createServer().on('checkContinue', (request, response) => {
    heard.push(String(request.headers.expect))
    response.writeContinue()
    request.on('data', (data: Buffer) => heard.push(data.toString())).on('end', () => response.end('done'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = await startProxy()
  const socket = await openRaw(port)
  let received = ''
  socket.on('data', (data: Buffer) => {
    received += data.toString()
  })
  const { port: serverPort } = server.address() as { port: number }
  socket.write(
    `PUT http://127.0.0.1:${serverPort}/ HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
  )
  expect(await waitUntil(() => received.includes('\r\n\r\n'), 5_000)).toBe(true)
  expect(received).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  socket.write('body')
  expect(await waitUntil(() => received.includes('done'), 5_000)).toBe(true)
  expect(heard).toEqual(['100-continue', 'body'])
  expect(received.match(/100 Continue/g)).toHaveLength(1)
  socket.destroy()
})

test('a client that tires of waiting for the 100 of a silent host sends its body, which goes on', async () => {
  let heard = ''
  const host = await startBytes((socket) =>
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1')
      if (heard.endsWith('body')) socket.end(OK)
    }),
  )
  const { port } = await startProxy()
  const socket = await openRaw(port)
  onTestFinished(() => void socket.destroy())
  let answer = ''
  socket.on('data', (bytes: Buffer) => {
    answer += bytes.toString('latin1')
  })
  socket.write(
    `PUT http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
  )
  await waitUntil(() => heard.includes('\r\n\r\n'), 10_000, 2)
  expect(heard).toMatch(/expect: 100-continue/i)
  expect(answer).toBe('')
  socket.write('body')
  expect(await waitUntil(() => answer.endsWith('ok'), 10_000, 2)).toBe(true)
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
})

test('Expect that the host refuses comes back as its refusal, and no 100', async () => {
  const host = await startScripted('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n')
  const answer = await ask(
    host,
    'PUT http://HOST/ HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
  )
  expect(answer).toMatch(/^HTTP\/1\.1 417 /)
  expect(headOf(answer)).toMatch(/connection: close/i)
})

test('trailers pass in both directions, without those that belong to one connection', async () => {
  const host = await startScripted(
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\nKeep-Alive: 9\r\n\r\n',
  )
  const answer = await ask(
    host,
    'POST http://HOST/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nX-End: yes\r\n\r\n',
  )
  expect(answer).toMatch(/\r\n0\r\nX-Sum: 42\r\n\r\n$/)
  expect(host.heard[0]).toMatch(/3\r\nabc\r\n0\r\nX-End: yes\r\n\r\n$/)
})

test.each([
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n', 'Content-Length: 12345'],
  ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 12345\r\n\r\n', 'ETag: "a"'],
  ['GET', 'HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n', 'X-A: b'],
])('%s answered with %j is told as it is, without a body', async (method, script, header) => {
  const host = await startScripted(script)
  const answer = await ask(host, `${method} http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
  expect(headOf(answer)).toContain(header)
  expect(answer).toMatch(/\r\n\r\n$/)
})

test('a body that ends with its connection is passed on whole', async () => {
  const { port: hostPort } = await startBytes((socket) => {
    socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`))
  })
  const { port } = await startProxy()
  const answer = await rawHttp(port, `GET http://127.0.0.1:${hostPort}/ HTTP/1.0\r\n\r\n`)
  expect(answer.split('\r\n\r\n')[1]).toHaveLength(200_000)
})

test('an answer that breaks off breaks off here too, and does not look complete', async () => {
  for (const [head, version] of [
    ['Content-Length: 1000\r\n', '1.1'],
    ['Transfer-Encoding: chunked\r\n', '1.1'],
    ['Content-Length: 1000\r\n', '1.0'],
  ]) {
    const { port: hostPort } = await startBytes((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n${head?.startsWith('T') ? '5\r\nhello\r\n' : 'hello'}`)
        setImmediate(() => socket.resetAndDestroy())
      })
    })
    const { port } = await startProxy()
    const socket = await openRaw(port)
    const events: string[] = []
    socket.on('error', () => events.push('reset')).on('end', () => events.push('end'))
    socket.resume().write(`GET http://127.0.0.1:${hostPort}/ HTTP/${version}\r\nHost: h\r\n\r\n`)
    await waitUntil(() => socket.closed, 5_000)
    expect(events).toEqual(['reset'])
  }
})

test('an IPv6 literal is a host like any other', async () => {
  const { port: hostPort } = await startBytes(
    (socket) => void socket.once('data', () => socket.end(OK)),
    '::1',
  )
  const { port } = await startProxy()
  const answer = await rawHttp(
    port,
    `GET http://[::1]:${hostPort}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
})

test('requests of one user share a connection to a host, and those of different users never do', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const send = (authorization: string): Promise<string> =>
    rawHttp(
      port,
      `GET http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\n${authorization}Connection: close\r\n\r\n`,
    )
  for (let round = 0; round < 3; round += 1) {
    await send('')
    await send('Authorization: Bearer one\r\n')
    await send('Authorization: Bearer two\r\n')
  }
  expect(host.heard).toHaveLength(3)
  for (const text of host.heard) expect(new Set(text.match(/Authorization: .*/g)).size).toBeLessThanOrEqual(1)
})

test('a connection that NTLM has made known to the host is used by its own client only', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const line = (extra: string): string =>
    `GET http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\n${extra}\r\n`
  const known = await openRaw(port)
  let answers = 0
  known.on('data', () => {
    answers += 1
  })
  for (const [index, extra] of [
    'Authorization: NTLM AAAA\r\n',
    'Authorization: NTLM BBBB\r\n',
    '',
  ].entries()) {
    known.write(line(extra))
    expect(await waitUntil(() => answers === index + 1, 5_000)).toBe(true)
  }
  expect(host.heard).toHaveLength(1)
  await rawHttp(port, line('Connection: close\r\n'))
  await rawHttp(port, line('Authorization: NTLM AAAA\r\nConnection: close\r\n'))
  expect(host.heard).toHaveLength(3)
  known.destroy()
})

test.each([
  ['GET', '', 'HTTP/1.1 200'],
  ['DELETE', '', 'HTTP/1.1 200'],
  ['POST', 'Content-Length: 0\r\n', 'HTTP/1.1 502'],
])(
  '%s on a kept connection that has died meanwhile is answered with %s%s',
  async (method, extra, expected) => {
    let requests = 0
    const { port: hostPort, sockets } = await startBytes((socket) => {
      socket.on('data', () => {
        requests += 1
        // The second request of the first connection finds it dying.
        if (requests === 2) socket.resetAndDestroy()
        else socket.write(OK)
      })
    })
    const { port } = await startProxy()
    const send = (what: string, more = ''): Promise<string> =>
      rawHttp(
        port,
        `${what} http://127.0.0.1:${hostPort}/ HTTP/1.1\r\nHost: h\r\n${more}Connection: close\r\n\r\n`,
      )
    expect(await send('GET')).toMatch(/^HTTP\/1\.1 200/)
    const answer = await send(method, extra)
    expect(answer.startsWith(expected)).toBe(true)
    expect(requests).toBe(method === 'POST' ? 2 : 3)
    expect(sockets).toHaveLength(method === 'POST' ? 1 : 2)
  },
)

test('a request is sent once only if the connection was a new one', async () => {
  let requests = 0
  const { port: hostPort } = await startBytes((socket) => {
    socket.on('data', () => {
      requests += 1
      socket.resetAndDestroy()
    })
  })
  const { port } = await startProxy()
  const answer = await rawHttp(
    port,
    `GET http://127.0.0.1:${hostPort}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
  )
  expect(headOf(answer)).toMatch(/^HTTP\/1\.1 502 [\s\S]*egress\.unreachable/)
  expect(requests).toBe(1)
})

test('a client that has ended its side still gets its answer', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const socket = await openRaw(port)
  let received = ''
  socket.on('data', (data: Buffer) => {
    received += data.toString()
  })
  socket.end(`GET http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\n\r\n`)
  expect(await waitUntil(() => socket.readableEnded, 5_000)).toBe(true)
  expect(received).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*ok$/)
})

test('pipelined requests are answered in their order', async () => {
  const serverPort = await startWeb((request, response) => {
    setTimeout(() => response.end(request.url), request.url === '/1' ? 60 : 0)
  })
  const { port } = await startProxy()
  const one = (path: string, more = ''): string =>
    `GET http://127.0.0.1:${serverPort}${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`
  const answer = await rawHttp(port, one('/1') + one('/2') + one('/3', 'Connection: close\r\n'))
  expect(answer.match(/\/[123](?=[\r\nH]|$)/g)).toEqual(['/1', '/2', '/3'])
})
