import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createHttpServer } from '../../../../src/relay/server/http-server.ts'
import { CHAT_REQUEST, halfClosed, openRaw, rawHttp } from '../../../support/raw-http.ts'
import { startTestRelay, type TestRelay } from '../../../support/start-relay.ts'

let relay: TestRelay
beforeAll(async () => {
  relay = await startTestRelay()
})
afterAll(() => relay.close())

function refusalIn(answer: string): { readonly head: string; readonly body: unknown } {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { head: head.toLowerCase(), body: JSON.parse(body) as unknown }
}

describe('a client that ends its side after its request', () => {
  test('gets its whole answer', async () => {
    const answer = await halfClosed(relay.port, 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*"status":"ok"/)
  })

  test('gets its whole stream, however long the upstream thinks about it', async () => {
    relay.copilot.script({ text: 'one two three', firstDelayMs: 400 })
    const answer = await halfClosed(relay.port, CHAT_REQUEST)
    expect(answer).toMatch(/HTTP\/1\.1 200 [\s\S]*one[\s\S]*three[\s\S]*\[DONE\]/)
  })

  test('and then goes away takes the upstream request with it', async () => {
    relay.copilot.script({ text: 'one two', end: 'stall' })
    const socket = await openRaw(relay.port)
    socket.end(CHAT_REQUEST)
    await once(socket, 'data')
    const sent = relay.copilot.requests.at(-1)
    socket.destroy()
    await expect.poll(() => sent?.abandonedAt, { interval: 5 }).toBeDefined()
  })
})

describe('what is no request is answered in words', () => {
  test.each([
    ['no HTTP', 'hello there\r\n\r\n', 400, 'relay.request-malformed'],
    ['no Host header', 'GET /health HTTP/1.1\r\n\r\n', 400, 'relay.request-malformed'],
    [
      'two lengths',
      'POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd',
      400,
      'relay.request-malformed',
    ],
    [
      'headers without end',
      `GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(200_000)}\r\n\r\n`,
      431,
      'relay.head-too-large',
    ],
  ])('%s', async (_name, request, status, code) => {
    const { head, body } = refusalIn(await rawHttp(relay.port, request))
    expect(head).toMatch(new RegExp(`^http/1.1 ${status} `))
    expect(head).toContain('connection: close')
    expect(body).toMatchObject({ error: { code }, relay: { code, remedy: expect.any(String) as string } })
  })

  test('a request that breaks off in its body', async () => {
    const answer = await halfClosed(relay.port, CHAT_REQUEST.slice(0, -10))
    expect(refusalIn(answer).body).toMatchObject({ relay: { code: 'relay.request-malformed' } })
  })

  test('and is no fault of the relay, whichever way the client goes', async () => {
    const unfinished = CHAT_REQUEST.slice(0, -10)
    const told = (): number =>
      relay.logged().split('The connection ended before the body was complete').length
    const before = told()
    await halfClosed(relay.port, unfinished)
    const socket = await openRaw(relay.port)
    socket.write(unfinished, () => socket.resetAndDestroy())
    await expect.poll(told, { interval: 5 }).toBeGreaterThanOrEqual(before + 1)
    expect(relay.logged()).not.toContain('"level":50')
  })

  test('a request that does not come to its end', async () => {
    const server = createHttpServer(() => undefined, { headMs: 50, checkMs: 20 })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    onTestFinished(() => void server.close())
    const answer = await rawHttp((server.address() as AddressInfo).port, 'GET / HTTP/1.1\r\nHost: l')
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(refusalIn(answer).body).toMatchObject({ relay: { code: 'relay.request-timeout' } })
  })

  test('but never into an answer that is on its way', async () => {
    relay.copilot.script({ text: 'one two', end: 'stall' })
    const answer = await rawHttp(relay.port, `${CHAT_REQUEST}this is no request\r\n\r\n`)
    expect(answer).not.toContain('400')
  })
})

test('the log has what the client calls its request, unless that could harm the log', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const ask = (id: string) =>
    fetch(`${relay.url}/nothing`, {
      headers: { 'x-request-id': id, traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    })
  const reply = await ask('build-77/step:3')
  await ask('two words {"level":60}')
  const lines = relay
    .logged()
    .split('\n')
    .filter((line) => line.includes('"/nothing"'))
  expect(lines[0]).toContain(`"requestId":"${reply.headers.get('x-relay-request-id')}"`)
  expect(lines[0]).toContain(`"clientRequestId":"build-77/step:3","traceId":"${trace}"`)
  expect(relay.logged()).not.toContain('two words')
})
