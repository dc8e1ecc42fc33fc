import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { splice } from '../../../src/node/splice.ts'
import { startTcpServer } from '../../support/make-link.ts'

/** Two connected sockets: what is written to one is read from the other. */
async function socketPair(): Promise<[Socket, Socket]> {
  const accepted = Promise.withResolvers<Socket>()
  const { port } = await startTcpServer(accepted.resolve, onTestFinished)
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  client.on('error', () => undefined)
  await once(client, 'connect')
  return [client, await accepted.promise]
}

test('bytes cross both ways and are counted', async () => {
  const [outerA, a] = await socketPair()
  const [outerB, b] = await socketPair()
  const done = splice(a, b)
  outerA.end('question')
  outerB.end('the answer')
  expect((await buffer(outerB)).toString()).toBe('question')
  expect((await buffer(outerA)).toString()).toBe('the answer')
  expect(await done).toEqual({ aToB: 8, bToA: 10 })
})

test('an end in one direction leaves the other open', async () => {
  const [outerA, a] = await socketPair()
  const [outerB, b] = await socketPair()
  void splice(a, b)
  outerA.end('all I have')
  expect((await buffer(outerB)).toString()).toBe('all I have')
  outerB.write('still ')
  outerB.end('talking')
  expect((await buffer(outerA)).toString()).toBe('still talking')
})

test('a reset on one side cuts the other instead of ending it', async () => {
  const [outerA, a] = await socketPair()
  const [outerB, b] = await socketPair()
  const done = splice(a, b)
  outerA.write('part')
  await once(outerB, 'data')
  const cut = once(outerB, 'end')
  outerA.resetAndDestroy()
  await expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' })
  await done
})

test('a side that was closed before its end destroys the other with it', async () => {
  const a = new PassThrough()
  const b = new PassThrough()
  const done = splice(a, b)
  a.destroy()
  await done
  expect(b.destroyed).toBe(true)
})

test('what has crossed takes no memory any more', async () => {
  const [outerA, a] = await socketPair()
  const [outerB, b] = await socketPair()
  const pieces: Buffer[] = []
  a.on('data', (piece: Buffer) => pieces.push(piece))
  void splice(a, b)
  const data = randomBytes(8 * 2 ** 20)
  outerA.end(data)
  expect((await buffer(outerB)).equals(data)).toBe(true)
  const left = pieces.reduce((sum, piece) => sum + piece.buffer.byteLength, 0)
  expect(left).toBeLessThan(data.length / 10)
})

test('a reader that stalls stops the writer', async () => {
  const stalled = new Duplex({ read: () => undefined, write: () => undefined, highWaterMark: 1_000 })
  const source = new PassThrough({ highWaterMark: 1_000 })
  void splice(source, stalled)
  let written = 0
  while (source.write(Buffer.alloc(500))) {
    written += 500
    await new Promise(setImmediate)
    if (written > 100_000) break
  }
  expect(written).toBeLessThan(10_000)
  source.destroy()
})
