import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CODE, FLAG, FRAME, PREFACE, SETTING } from '../../../src/node/tunnel/h2/codes.ts'
import { H2Connection } from '../../../src/node/tunnel/h2/connection.ts'
import { frameOf, headersFrames, numberFrame, settingsFrame } from '../../../src/node/tunnel/h2/frames.ts'
import type { H2Options } from '../../../src/node/tunnel/h2/h2-options.ts'
import type { H2Stream } from '../../../src/node/tunnel/h2/stream.ts'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import { dialRawH2, type RawH2 } from '../../support/dial-raw-h2.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

// What a connection holds, and for how long, whatever the peer does: with windows, times and a clock of the test.

const { certs } = tunnelFixture()

interface Side {
  readonly raw: RawH2
  readonly streams: H2Stream[]
  readonly errors: string[]
}

/** A server for one connection, and a raw peer of it. Nobody reads its streams. */
async function start(more: Partial<H2Options> = {}, first?: readonly Uint8Array[]): Promise<Side> {
  const streams: H2Stream[] = []
  const errors: string[] = []
  const [ca, cert, key] = await Promise.all(
    [certs.ca, certs.server.cert, certs.server.key].map((path) => readFile(path)),
  )
  const server = createServer({ ca, cert, key, requestCert: true, ALPNProtocols: ['h2'] }, (socket) => {
    const connection = new H2Connection({
      ...{ socket, isServer: true, streamWindow: 2 ** 20, connectionWindow: 2 ** 20 },
      ...{ maxStreams: 8, maxHeaderListSize: 16_384 },
      lost: () => new AppError('tunnel.down', 'The peer is gone.'),
      onStream: (stream) => {
        streams.push(stream)
        stream.respond(200)
      },
      onError: (error) => void errors.push(error.message),
      onClosed: () => undefined,
      ...more,
    })
    onTestFinished(() => connection.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return { raw: await dialRawH2(certs, (server.address() as AddressInfo).port, first), streams, errors }
}

const times = (count: number, frame: Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => frame))
const PING = frameOf(FRAME.ping, 0, 0, Buffer.alloc(8))
const pongs = ({ heard }: RawH2): number =>
  heard.filter(({ flags, type }) => type === FRAME.ping && flags === FLAG.ack).length

function requestOf({ encoder }: RawH2, id: number): Buffer {
  const block = encoder.encode([
    [':method', 'CONNECT'],
    [':authority', 'host:1'],
  ])
  return headersFrames(id, block, 16_384, false)
}

async function open({ raw, streams }: Side): Promise<H2Stream> {
  raw.say(requestOf(raw, 1))
  await waitUntil(() => streams.length > 0, 10_000)
  const [stream] = streams
  if (stream === undefined) throw new Error('no stream came')
  return stream
}

test('more data than the window of the connection ends it', async () => {
  const side = await start({ connectionWindow: 128 * 1024 })
  await open(side)
  const block = frameOf(FRAME.data, 0, 1, Buffer.alloc(16 * 1024))
  side.raw.say(times(8, block), PING)
  expect(await waitUntil(() => pongs(side.raw) === 1, 10_000)).toBe(true)
  side.raw.say(frameOf(FRAME.data, 0, 1, Buffer.alloc(1)))
  expect(await side.raw.ended()).toBe(CODE.flowControlError)
})

test('a peer that does not read its answers is left before they are 4 MiB', async () => {
  let now = 0
  const greeting = [PREFACE, settingsFrame([[SETTING.initialWindowSize, 2 ** 31 - 1]])]
  const side = await start({ now: () => now++ * 1_000 }, greeting)
  const { errors, raw } = side
  raw.say(numberFrame(FRAME.windowUpdate, 0, 2 ** 30))
  const stream = await open(side)
  raw.socket.pause()
  // All that the systems and TLS hold of it, and more.
  stream.write(Buffer.alloc(64 * 2 ** 20))
  for (let count = 0; count < 25 && errors.length === 0; count += 1) {
    const isWritten = raw.socket.write(times(10_000, PING))
    if (!isWritten) await Promise.race([once(raw.socket, 'drain'), once(raw.socket, 'close')])
  }
  expect(await waitUntil(() => errors.length > 0, 10_000)).toBe(true)
  expect(errors[0]).toBe('the peer does not read')
  expect(await waitUntil(() => stream.destroyed, 10_000)).toBe(true)
})

test('a peer that does not acknowledge the settings is left', async () => {
  const { raw } = await start({ settingsTimeoutMs: 50 }, [PREFACE, settingsFrame([])])
  expect(await raw.ended()).toBe(CODE.settingsTimeout)
})

test('a peer that has acknowledged the settings is not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { raw } = await start()
  const closed = once(raw.socket, 'close')
  const answers = async (count: number): Promise<void> => {
    raw.say(PING)
    while (pongs(raw) < count && !raw.socket.closed) await Promise.race([once(raw.socket, 'data'), closed])
    expect(pongs(raw)).toBe(count)
  }
  await answers(1)
  vi.advanceTimersByTime(60_000)
  await answers(2)
})

test.each([1, 1_024, 16_384])(
  'a flood of windows of an open stream ends the connection: %i bytes',
  async (bytes) => {
    const side = await start({ now: () => 0 })
    await open(side)
    side.raw.say(times(30_000, numberFrame(FRAME.windowUpdate, 1, bytes)))
    expect(await side.raw.ended()).toBe(CODE.enhanceYourCalm)
  },
)

test.each([1, 1_024, 16_384])('a flood of windows of the connection ends it: %i bytes', async (bytes) => {
  const { raw } = await start({ now: () => 0 })
  raw.say(times(30_000, numberFrame(FRAME.windowUpdate, 0, bytes)))
  expect(await raw.ended()).toBe(CODE.enhanceYourCalm)
})

test('a peer that gives back each few bytes on their own does so for as long as it likes', async () => {
  const side = await start({ now: () => 0 })
  const stream = await open(side)
  const { raw } = side
  raw.say(PING)
  const size = 16 * 1024
  for (let round = 1; round <= 40; round += 1) {
    stream.write(Buffer.alloc(size))
    const heard = () =>
      raw.heard.reduce((sum, { payload, type }) => sum + (type === FRAME.data ? payload.length : 0), 0)
    expect(await waitUntil(() => heard() === round * size, 10_000)).toBe(true)
    // A reader that takes 64 bytes at a time and tells both windows.
    const both = Buffer.concat([
      numberFrame(FRAME.windowUpdate, 0, 64),
      numberFrame(FRAME.windowUpdate, 1, 64),
    ])
    raw.say(times(size / 64, both), PING)
    expect(await waitUntil(() => pongs(raw) === round + 1, 10_000)).toBe(true)
  }
  expect(side.errors).toEqual([])
})

const reset = (id: number): Buffer => numberFrame(FRAME.rstStream, id, CODE.cancel)

test('a peer may abort each of its streams and tell its windows, for as long as it likes', async () => {
  const { errors, raw } = await start({ now: () => 0 })
  const window = (id: number): Buffer => numberFrame(FRAME.windowUpdate, id, 2 ** 20)
  for (let round = 0; round < 12; round += 1) {
    const frames: Buffer[] = []
    for (let id = 2_000 * round + 1; id < 2_000 * (round + 1); id += 2)
      frames.push(requestOf(raw, id), window(id), reset(id), window(id))
    raw.say(...frames, PING)
    expect(await waitUntil(() => pongs(raw) === round + 1, 10_000)).toBe(true)
  }
  expect(errors).toEqual([])
})

test('a flood of resets of a stream that is over ends the connection', async () => {
  const { raw } = await start({ now: () => 0 })
  raw.say(requestOf(raw, 1), times(30_000, reset(1)))
  expect(await raw.ended()).toBe(CODE.enhanceYourCalm)
})

test('of streams a peer may break as many as it may have and 1,000 more, and then 33 a second', async () => {
  let now = 0
  const { raw } = await start({ now: () => now })
  let id = 1
  const broken = (count: number): Buffer => {
    const frames: Buffer[] = []
    for (let left = count; left > 0; left -= 1, id += 2)
      frames.push(requestOf(raw, id), numberFrame(FRAME.windowUpdate, id, 0))
    return Buffer.concat(frames)
  }
  raw.say(broken(1_008), PING)
  expect(await waitUntil(() => pongs(raw) === 1, 10_000)).toBe(true)
  now = 1_000
  raw.say(broken(33), PING)
  expect(await waitUntil(() => pongs(raw) === 2, 10_000)).toBe(true)
  raw.say(broken(1))
  expect(await raw.ended()).toBe(CODE.enhanceYourCalm)
})

test('of requests 16 are begun in one turn of the event loop, so that others get theirs', async () => {
  const turns: number[] = []
  let begun = 0
  const { raw } = await start({
    onStream: (stream) => {
      stream.respond(200)
      begun += 1
      if (begun === 1)
        setImmediate(() => {
          turns.push(begun)
          begun = 0
        })
    },
  })
  const frames = Array.from({ length: 1_000 }, (_, index) => [
    requestOf(raw, 2 * index + 1),
    reset(2 * index + 1),
  ])
  raw.say(...frames.flat(), PING)
  expect(await waitUntil(() => pongs(raw) === 1, 10_000)).toBe(true)
  expect(turns.reduce((sum, count) => sum + count, begun)).toBe(1_000)
  expect(Math.max(...turns)).toBe(16)
})

test('a peer that goes while its requests wait for their turn takes them along', async () => {
  const ended = Promise.withResolvers<void>()
  const side = await start({ maxStreams: 1_000, onClosed: ended.resolve })
  const { raw, streams } = side
  raw.say(...Array.from({ length: 200 }, (_, index) => requestOf(raw, 2 * index + 1)))
  raw.socket.end()
  await ended.promise
  expect(await waitUntil(() => streams.every(({ closed }) => closed), 10_000)).toBe(true)
  expect(side.errors).toEqual([])
})
