import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { CODE, FRAME } from '../../../../../src/node/tunnel/h2/codes.ts'
import { numberFrame } from '../../../../../src/node/tunnel/h2/frames.ts'
import { Outbox } from '../../../../../src/node/tunnel/h2/outbox.ts'

const FRAME_BYTES = 13

let writes: number[]
let outbox: Outbox

/** Says as TLS does that it has written: in the same turn of the event loop, after everything that came. */
beforeEach(() => {
  writes = []
  const socket = new Writable({
    write: (bytes: Buffer, _, done) => {
      writes.push(bytes.length)
      setImmediate(done)
    },
  })
  outbox = new Outbox(socket as unknown as Socket, () => undefined)
})

const say = (count = 1): void => {
  for (let left = count; left > 0; left -= 1) outbox.push(numberFrame(FRAME.rstStream, 1, CODE.cancel))
}
const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))
const turn = async (): Promise<void> => {
  for (let left = 3; left > 0; left -= 1) await new Promise(setImmediate)
}

describe('frames that go out', () => {
  test('do not wait for the event loop while there is one now and then', async () => {
    for (let count = 1; count <= 3; count += 1) {
      say()
      await tick()
      expect(writes).toEqual(Array(count).fill(FRAME_BYTES))
      await turn()
    }
  })

  test('go along with others of the same event', async () => {
    say(3)
    await tick()
    expect(writes).toEqual([3 * FRAME_BYTES])
  })

  test('are gathered for a turn of the event loop while there are more', async () => {
    say()
    await tick()
    say(2)
    await turn()
    expect(writes).toEqual([FRAME_BYTES, 2 * FRAME_BYTES])
    say()
    await tick()
    say()
    await tick()
    expect(writes).toHaveLength(2)
    await turn()
    expect(writes).toEqual([FRAME_BYTES, 2 * FRAME_BYTES, 2 * FRAME_BYTES])
  })

  test('are gathered for a turn of the event loop after much data', async () => {
    outbox.data(1, 0, Buffer.alloc(64 * 1024))
    await turn()
    say()
    await tick()
    expect(writes).toHaveLength(1)
    await turn()
    expect(writes).toHaveLength(2)
  })
})
