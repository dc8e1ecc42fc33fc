import { describe, expect, onTestFinished, test } from 'vitest'
import { DirectEgress } from '../../../../src/main/egress/direct/direct-egress.ts'
import { createAddressPolicy } from '../../../../src/node/address-policy/address-policy.ts'
import { freePort } from '../../../support/free-port.ts'
import { openRaw } from '../../../support/raw-http.ts'
import { OK, startBytes, startProxy } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

/** Generous; nothing here takes longer than a look-up of a name. */
const CEILING_MS = 10_000

/** How far the proxy gets before it refuses shows in the codes; every one of these is a correct request. */
const CORRECT: readonly (readonly [string, string, RegExp])[] = [
  ['a rule', 'GET http://denied.test/ HTTP/1.1\r\nHost: h\r\n\r\n', /403 .*egress\.denied/s],
  ['a rule, with a whole body', body('Content-Length: 3', 'abc'), /403 .*egress\.denied/s],
  ['a rule, with no byte of a body', body('Content-Length: 0', ''), /403 .*egress\.denied/s],
  [
    'a rule, with whole chunks',
    body('Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n'),
    /403 .*egress\.denied/s,
  ],
  [
    'the password',
    'GET http://HOST/ HTTP/1.1\r\nHost: h\r\nX-Stranger: 1\r\n\r\n',
    /407 .*proxy\.password-needed/s,
  ],
  ['the kind of address', 'GET http://10.0.0.1/ HTTP/1.1\r\nHost: h\r\n\r\n', /403 .*egress\.denied/s],
  [
    'a name that nobody has',
    'GET http://no-such.invalid/ HTTP/1.1\r\nHost: h\r\n\r\n',
    /502 .*egress\.dns-failed/s,
  ],
  ['a port without a listener', 'GET http://CLOSED/ HTTP/1.1\r\nHost: h\r\n\r\n', /502 .*egress\.refused/s],
  ['the scheme', 'GET ftp://HOST/ HTTP/1.1\r\nHost: h\r\n\r\n', /501 .*proxy\.not-http/s],
  ['a loop', 'GET http://OWN/ HTTP/1.1\r\nHost: h\r\n\r\n', /508 .*proxy\.loop/s],
  ['a loop, to HEAD', 'HEAD http://OWN/ HTTP/1.1\r\nHost: h\r\n\r\n', /508 .*proxy\.loop/s],
  [
    'its last step',
    'OPTIONS http://HOST/ HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n',
    /200 OK\r\nAllow: /,
  ],
  ['its last step, to TRACE', 'TRACE http://HOST/ HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n', /200 OK/],
]

function body(framing: string, text: string): string {
  return `POST http://denied.test/ HTTP/1.1\r\nHost: h\r\n${framing}\r\n\r\n${text}`
}

/** What must not be followed by another request on its connection. */
const LAST: readonly (readonly [string, string, RegExp])[] = [
  [
    'that asks for it',
    'GET http://denied.test/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
    /403 .*egress\.denied/s,
  ],
  ['of HTTP/1.0', 'GET http://denied.test/ HTTP/1.0\r\nHost: h\r\n\r\n', /403 .*egress\.denied/s],
  ['without Host', 'GET http://denied.test/ HTTP/1.1\r\nX-A: 1\r\n\r\n', /400 .*proxy\.bad-request/s],
  ['that names a user', 'GET http://u@denied.test/ HTTP/1.1\r\nHost: h\r\n\r\n', /400 .*proxy\.bad-request/s],
  [
    'in a coding that is unknown here',
    'POST http://denied.test/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    /400 .*proxy\.bad-request/s,
  ],
  ['whose body does not come', body('Content-Length: 3', 'ab'), /403 .*egress\.denied/s],
  ['that waits for a 100', body('Content-Length: 3\r\nExpect: 100-continue', ''), /403 .*egress\.denied/s],
]

/** A head in one piece may be read by the proxy itself; one in two pieces is for Node to read. */
describe.each(['one piece', 'two pieces'])('a request in %s', (pieces) => {
  async function converse() {
    const host = await startBytes((socket) => void socket.on('data', () => socket.write(OK)))
    const direct = new DirectEgress({ policy: createAddressPolicy(['127.0.0.0/8']) })
    const closed = await freePort()
    const password = 'ada:secret'
    const { port } = await startProxy({
      password,
      choose: (name) => (name === 'denied.test' ? 'deny' : direct),
    })
    const socket = await openRaw(port)
    onTestFinished(() => void socket.destroy())
    let heard = ''
    let hasEnded = false
    socket
      .on('data', (bytes: Buffer) => {
        heard += bytes.toString('latin1')
      })
      .on('end', () => {
        hasEnded = true
      })
    const shown = `Proxy-Authorization: Basic ${Buffer.from(password).toString('base64')}\r\n`
    return {
      said: () => heard,
      hasEnded: () => hasEnded,
      async send(request: string): Promise<void> {
        const text = request
          .replaceAll('HOST', `127.0.0.1:${host.port}`)
          .replaceAll('CLOSED', `127.0.0.1:${closed}`)
          .replaceAll('OWN', `127.0.0.1:${port}`)
          .replace(/\r\n(?=\r\n)/, request.includes('X-Stranger') ? '\r\n' : `\r\n${shown}`)
        const split = pieces === 'one piece' ? 0 : text.indexOf('\r\n\r\n') + 2
        socket.write(text.slice(0, split))
        for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
        socket.write(text.slice(split))
      },
    }
  }

  test.each(CORRECT)('that %s keeps from its host is not the last', async (_what, request, answer) => {
    const { hasEnded, said, send } = await converse()
    await send(request)
    const isHead = request.startsWith('HEAD')
    const isWhole = (): boolean => {
      const [head = '', rest] = said().split(/\r\n\r\n([\s\S]*)/)
      const length = isHead ? 0 : Number(/^content-length: (\d+)$/im.exec(head)?.[1])
      return rest?.length === length
    }
    expect(await waitUntil(isWhole, CEILING_MS, 2), said()).toBe(true)
    expect(said()).toMatch(new RegExp(`^HTTP/1\\.1 ${answer.source}`, answer.flags))
    expect(said()).toMatch(/^connection: keep-alive$/im)
    const before = said().length
    await send('GET http://HOST/ HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await waitUntil(() => said().endsWith('\r\n\r\nok'), CEILING_MS, 2), said()).toBe(true)
    expect(said().slice(before)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(hasEnded()).toBe(false)
  })

  test.each(LAST)('%s is the last when it is refused', async (_what, request, answer) => {
    const { hasEnded, said, send } = await converse()
    await send(request)
    expect(await waitUntil(hasEnded, CEILING_MS, 2), said()).toBe(true)
    expect(said()).toMatch(new RegExp(`^HTTP/1\\.1 ${answer.source}`, answer.flags))
    expect(said()).toMatch(/^connection: close$/im)
  })
})
