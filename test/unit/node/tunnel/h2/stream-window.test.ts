import { describe, expect, test } from 'vitest'
import { H2Stream, type StreamCarrier } from '../../../../../src/node/tunnel/h2/stream.ts'
import { AppError } from '../../../../../src/shared/errors/app-error.ts'

const KIB = 1024
const FIRST = 100 * KIB
const MAX = 300 * KIB

interface Credited {
  readonly stream: H2Stream
  readonly credits: number[]
  /** Gets so much, of which the reader takes so much. */
  receive(bytes: number, taken?: number): Promise<void>
}

function startStream(): Credited {
  const credits: number[] = []
  const carrier: StreamCarrier = {
    headers: () => undefined,
    ready: () => undefined,
    end: () => undefined,
    reset: () => undefined,
    taken: () => undefined,
    credit: (_, bytes) => void credits.push(bytes),
    lost: () => new AppError('tunnel.down', 'The connection is gone.'),
  }
  const stream = new H2Stream(carrier, { id: 1, isOwn: false }, { own: FIRST, peer: FIRST })
  return {
    stream,
    credits,
    receive: async (bytes, taken = bytes) => {
      stream.receive(Buffer.alloc(bytes))
      stream.read(taken)
      await new Promise(setImmediate)
    },
  }
}

describe('the window of a stream', () => {
  test('grows up to its limit while its reader takes all that comes', async () => {
    const { credits, receive, stream } = startStream()
    stream.growWindow(MAX)
    for (const bytes of [50, 100, 150, 150]) await receive(bytes * KIB)
    // Half a window each time, and at first what it grows by.
    expect(credits).toEqual([150 * KIB, 200 * KIB, 150 * KIB, 150 * KIB])
  })

  test('stays as it is while its reader is behind, and grows when it has caught up', async () => {
    const { credits, receive, stream } = startStream()
    stream.growWindow(MAX)
    await receive(90 * KIB, 60 * KIB)
    expect(credits).toEqual([60 * KIB])
    await receive(20 * KIB, 50 * KIB)
    expect(credits).toEqual([60 * KIB, 150 * KIB])
  })

  test('never grows unless it may', async () => {
    const { credits, receive } = startStream()
    for (let count = 0; count < 3; count += 1) await receive(50 * KIB)
    expect(credits).toEqual([50 * KIB, 50 * KIB, 50 * KIB])
  })
})
