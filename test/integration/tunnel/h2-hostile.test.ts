import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CODE, FLAG, FRAME, PREFACE, SETTING } from '../../../src/node/tunnel/h2/codes.ts'
import { frameOf, headersFrames, numberFrame, settingsFrame } from '../../../src/node/tunnel/h2/frames.ts'
import { H2 } from '../../../src/shared/protocol/tunnel/wire.ts'
import { dialRawH2, type RawH2 } from '../../support/dial-raw-h2.ts'
import { startEcho, startHost } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { startTestServer, type TestServer } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

// A peer with a certificate that is allowed, and that keeps to nothing else.

const { certs } = tunnelFixture()
let server: TestServer
beforeAll(async () => {
  server = await startTestServer(certs, { maxStreams: 8 })
})
afterAll(async () => {
  await server.close(0)
})

const dial = (first?: readonly Uint8Array[]): Promise<RawH2> => dialRawH2(certs, server.port, first)

const NOTHING = Buffer.alloc(0)

function requestOf({ encoder }: RawH2, id: number, port: number): Buffer {
  const block = encoder.encode([
    [':method', 'CONNECT'],
    [':authority', `127.0.0.1:${port}`],
  ])
  return headersFrames(id, block, 16_384, false)
}

/** A stream that is answered. */
async function open(raw: RawH2, port: number, id = 1): Promise<void> {
  raw.say(requestOf(raw, id, port))
  expect(
    await waitUntil(() => raw.heard.some(({ type, id: of }) => type === FRAME.headers && of === id), 10_000),
  ).toBe(true)
}

async function silentHost(): Promise<number> {
  return await startHost((socket) => void socket.pause())
}

const times = (count: number, frame: Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => frame))

describe('ends the connection', () => {
  const ping = frameOf(FRAME.ping, 0, 0, Buffer.alloc(8))
  const window = (id: number, bytes: number) => numberFrame(FRAME.windowUpdate, id, bytes)

  test.each<[string, number, Uint8Array[]]>([
    ['of who begins with something else', CODE.protocolError, [Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
    ['of who says no settings first', CODE.protocolError, [PREFACE, ping]],
    [
      'of who sends a frame that is larger than was agreed on',
      CODE.frameSizeError,
      [PREFACE, settingsFrame([]), Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])],
    ],
  ])('%s', async (_, code, frames) => {
    expect(await (await dial(frames)).ended()).toBe(code)
  })

  test.each<[string, number, Uint8Array]>([
    ['data of no stream', CODE.protocolError, frameOf(FRAME.data, 0, 0, Buffer.from('x'))],
    [
      'data of a stream that was never opened',
      CODE.protocolError,
      frameOf(FRAME.data, 0, 5, Buffer.from('x')),
    ],
    ['a reset of a stream that was never opened', CODE.protocolError, numberFrame(FRAME.rstStream, 5, 8)],
    ['a reset of a wrong length', CODE.frameSizeError, frameOf(FRAME.rstStream, 0, 1, Buffer.alloc(3))],
    ['a window of a stream that was never opened', CODE.protocolError, window(5, 1)],
    ['a window of the connection that grows by nothing', CODE.protocolError, window(0, 0)],
    ['a window of the connection that overflows', CODE.flowControlError, window(0, 2 ** 31 - 1)],
    ['a ping of a wrong length', CODE.frameSizeError, frameOf(FRAME.ping, 0, 0, Buffer.alloc(7))],
    ['a ping of a stream', CODE.protocolError, frameOf(FRAME.ping, 0, 1, Buffer.alloc(8))],
    ['settings of a stream', CODE.protocolError, frameOf(FRAME.settings, 0, 1, NOTHING)],
    ['settings of a wrong length', CODE.frameSizeError, frameOf(FRAME.settings, 0, 0, Buffer.alloc(5))],
    [
      'an acknowledgement that says something',
      CODE.frameSizeError,
      frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(6)),
    ],
    [
      'a window in the settings that is too large',
      CODE.flowControlError,
      settingsFrame([[SETTING.initialWindowSize, 2 ** 31]]),
    ],
    [
      'a size of frames that is not allowed',
      CODE.protocolError,
      settingsFrame([[SETTING.maxFrameSize, 100]]),
    ],
    ['a push', CODE.protocolError, frameOf(FRAME.pushPromise, FLAG.endHeaders, 1, Buffer.alloc(4))],
    [
      'a continuation of nothing',
      CODE.protocolError,
      frameOf(FRAME.continuation, FLAG.endHeaders, 1, NOTHING),
    ],
    [
      'headers of no stream',
      CODE.protocolError,
      frameOf(FRAME.headers, FLAG.endHeaders, 0, Buffer.from([0x82])),
    ],
    [
      'a stream with a number of the server',
      CODE.protocolError,
      frameOf(FRAME.headers, FLAG.endHeaders, 2, Buffer.from([0x82])),
    ],
    [
      'headers that cannot be decoded',
      CODE.compressionError,
      frameOf(FRAME.headers, FLAG.endHeaders, 1, Buffer.from([0x80])),
    ],
    [
      'padding longer than its frame',
      CODE.protocolError,
      frameOf(FRAME.headers, FLAG.endHeaders | FLAG.padded, 1, Buffer.from([9, 0x82])),
    ],
    [
      'another frame among headers',
      CODE.protocolError,
      Buffer.concat([frameOf(FRAME.headers, 0, 1, Buffer.from([0x82])), ping]),
    ],
    [
      'data among headers',
      CODE.protocolError,
      Buffer.concat([frameOf(FRAME.headers, 0, 1, Buffer.from([0x82])), frameOf(FRAME.data, 0, 1, NOTHING)]),
    ],
    ['a flood of pings', CODE.enhanceYourCalm, times(30_000, ping)],
    ['a flood of settings', CODE.enhanceYourCalm, times(30_000, settingsFrame([]))],
    [
      'a flood of frames that mean nothing',
      CODE.enhanceYourCalm,
      times(30_000, frameOf(0x99, 0, 0, NOTHING)),
    ],
    [
      'a flood of priorities',
      CODE.enhanceYourCalm,
      times(30_000, frameOf(FRAME.priority, 0, 1, Buffer.alloc(5))),
    ],
    [
      'headers that are too long',
      CODE.enhanceYourCalm,
      Buffer.concat([
        frameOf(FRAME.headers, 0, 1, Buffer.alloc(16_384)),
        frameOf(FRAME.continuation, 0, 1, Buffer.alloc(16_384)),
        frameOf(FRAME.continuation, 0, 1, Buffer.alloc(1)),
      ]),
    ],
    [
      'a flood of continuations',
      CODE.enhanceYourCalm,
      Buffer.concat([
        frameOf(FRAME.headers, 0, 1, NOTHING),
        times(30_000, frameOf(FRAME.continuation, 0, 1, NOTHING)),
      ]),
    ],
  ])('for %s', async (_, code, frames) => {
    const raw = await dial()
    raw.say(frames)
    expect(await raw.ended()).toBe(code)
  })

  test('for a flood of frames without data', async () => {
    const raw = await dial()
    await open(raw, await silentHost())
    raw.say(times(30_000, frameOf(FRAME.data, 0, 1, NOTHING)))
    expect(await raw.ended()).toBe(CODE.enhanceYourCalm)
  })

  test('for a stream that is opened again', async () => {
    const raw = await dial()
    const port = await startEcho()
    await open(raw, port, 5)
    raw.say(frameOf(FRAME.data, FLAG.endStream, 5, NOTHING))
    const isOver = () =>
      raw.heard.some(
        ({ flags, id, type }) => type === FRAME.data && id === 5 && (flags & FLAG.endStream) !== 0,
      )
    expect(await waitUntil(isOver, 10_000)).toBe(true)
    raw.say(requestOf(raw, 3, port))
    expect(await raw.ended()).toBe(CODE.streamClosed)
  })

  test('for data of a stream that both sides have ended', async () => {
    const raw = await dial()
    await open(raw, await startEcho())
    raw.say(frameOf(FRAME.data, FLAG.endStream, 1, NOTHING))
    const isOver = () =>
      raw.heard.some(({ flags, type }) => type === FRAME.data && (flags & FLAG.endStream) !== 0)
    expect(await waitUntil(isOver, 10_000)).toBe(true)
    raw.say(frameOf(FRAME.data, 0, 1, Buffer.from('more')))
    expect(await raw.ended()).toBe(CODE.streamClosed)
  })
})

describe('resets the stream', () => {
  test('that sends more than its window', async () => {
    const raw = await dial()
    await open(raw, await silentHost())
    const block = Buffer.alloc(128 * 1024)
    const more = frameOf(FRAME.data, 0, 1, block)
    // The host takes some of it before it stands still.
    for (
      let sent = 0;
      sent < 64 * 2 ** 20 && !raw.heard.some(({ type }) => type === FRAME.rstStream);
      sent += block.length
    )
      if (!raw.socket.write(more)) await once(raw.socket, 'drain')
    expect(await raw.reset(1)).toBe(CODE.flowControlError)
    expect(H2.serverStreamWindow).toBeLessThan(64 * 2 ** 20)
    await open(raw, await startEcho(), 3)
  })

  test.each<[string, number, (id: number) => Buffer]>([
    ['whose window grows by nothing', CODE.protocolError, (id) => numberFrame(FRAME.windowUpdate, id, 0)],
    [
      'whose window overflows',
      CODE.flowControlError,
      (id) => numberFrame(FRAME.windowUpdate, id, 2 ** 31 - 1),
    ],
    [
      'that sends data after its end',
      CODE.streamClosed,
      (id) =>
        Buffer.concat([
          frameOf(FRAME.data, FLAG.endStream, id, NOTHING),
          frameOf(FRAME.data, 0, id, Buffer.from('x')),
        ]),
    ],
  ])('%s, and others go on', async (_, code, frames) => {
    const raw = await dial()
    await open(raw, await silentHost())
    raw.say(frames(1))
    expect(await raw.reset(1)).toBe(code)
    await open(raw, await startEcho(), 3)
  })

  test.each<[string, readonly (readonly [string, string])[]]>([
    ['without an authority', [[':method', 'CONNECT']]],
    [
      'with a path',
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
        [':path', '/'],
      ],
    ],
    [
      'with a name in capitals',
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
        ['Cookie', 'x'],
      ],
    ],
    [
      'with headers of HTTP/1.1',
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
        ['connection', 'close'],
      ],
    ],
    [
      'with a pseudo-header at the end',
      [
        [':method', 'CONNECT'],
        ['cookie', 'x'],
        [':authority', 'a:1'],
      ],
    ],
    [
      'with two authorities',
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
        [':authority', 'b:1'],
      ],
    ],
    [
      'with a line break',
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
        ['cookie', 'x\r\ny: z'],
      ],
    ],
  ])('of a request %s', async (_, fields) => {
    const raw = await dial()
    raw.say(headersFrames(1, raw.encoder.encode(fields), 16_384, false))
    expect(await raw.reset(1)).toBe(CODE.protocolError)
    await open(raw, await startEcho(), 3)
  })

  test('that is one too many, as one that was not processed', async () => {
    const raw = await dial()
    const port = await silentHost()
    for (let id = 1; id < 16; id += 2) await open(raw, port, id)
    raw.say(requestOf(raw, 17, port))
    expect(await raw.reset(17)).toBe(CODE.refusedStream)
  })
})

describe('takes', () => {
  test('200 requests that a browser aborts, again and again', async () => {
    const raw = await dial()
    const port = await silentHost()
    for (let count = 0; count < 1_000; count += 1)
      raw.say(requestOf(raw, 2 * count + 1, port), numberFrame(FRAME.rstStream, 2 * count + 1, CODE.cancel))
    await open(raw, await startEcho(), 2_001)
  })

  test('padding, priorities, frames of no meaning and bytes that come one at a time', async () => {
    const raw = await dial()
    await open(raw, await startEcho())
    const padded = Buffer.concat([Buffer.of(7), Buffer.from('hello'), Buffer.alloc(7)])
    const frames = Buffer.concat([
      frameOf(FRAME.priority, 0, 1, Buffer.alloc(5)),
      frameOf(0x42, 0, 1, Buffer.from('what?')),
      frameOf(FRAME.data, FLAG.padded, 1, padded),
      frameOf(FRAME.ping, 0, 0, Buffer.from('12345678')),
      frameOf(FRAME.data, FLAG.endStream, 1, Buffer.from(' there')),
    ])
    for (const octet of frames) raw.socket.write(Buffer.of(octet))
    const echoed = () =>
      Buffer.concat(
        raw.heard.filter(({ type }) => type === FRAME.data).map(({ payload }) => payload),
      ).toString()
    expect(await waitUntil(() => echoed() === 'hello there', 10_000)).toBe(true)
    const pong = raw.heard.find(({ flags, type }) => type === FRAME.ping && flags === FLAG.ack)
    expect(pong?.payload.toString()).toBe('12345678')
  })

  test('headers in pieces, and what is still under way for a stream that it has reset', async () => {
    const raw = await dial()
    const whole = requestOf(raw, 1, await silentHost()).subarray(9)
    raw.say(
      frameOf(FRAME.headers, 0, 1, whole.subarray(0, 3)),
      frameOf(FRAME.continuation, FLAG.endHeaders, 1, whole.subarray(3)),
    )
    expect(await waitUntil(() => raw.heard.some(({ type }) => type === FRAME.headers), 10_000)).toBe(true)
    raw.say(numberFrame(FRAME.windowUpdate, 1, 0))
    await raw.reset(1)
    raw.say(frameOf(FRAME.data, 0, 1, Buffer.alloc(1_000)))
    await open(raw, await startEcho(), 3)
  })
})
