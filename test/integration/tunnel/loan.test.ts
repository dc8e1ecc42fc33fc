import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { Loan } from '../../../src/node/tunnel/h2/loan.ts'
import { freedReads, hold, isLent } from '../../../src/node/tunnel/h2/read-buffers.ts'
import { startTcpServer } from '../../support/make-link.ts'
import { waitUntil } from '../../support/start-sshd.ts'

const RECORD = 16_384
/** What else was read with a piece: enough for memory of its own, which is freed. */
const HEAD = 65_536

interface Way {
  readonly loan: Loan
  readonly to: Socket
  readonly host: Socket
}

/** What is lent goes to this host. */
async function openWay(onTaken: () => void = () => undefined): Promise<Way> {
  const accepted = Promise.withResolvers<Socket>()
  const { port } = await startTcpServer(accepted.resolve, onTestFinished)
  const to = connect({ port, host: '127.0.0.1' })
  to.on('error', () => undefined)
  await once(to, 'connect')
  return { loan: new Loan(to, () => undefined, onTaken), to, host: await accepted.promise }
}

/** As a connection does it: the memory is lent for the call. */
function lend(data: Buffer, onPiece: (piece: Buffer) => void): void {
  const socket = new PassThrough()
  freedReads(socket as unknown as Socket).start((bytes) => onPiece(bytes.subarray(HEAD)))
  socket.write(Buffer.concat([Buffer.alloc(HEAD), data]))
}

async function read(host: Socket, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  host.on('data', (piece: Buffer) => pieces.push(piece))
  await waitUntil(() => pieces.reduce((sum, { length }) => sum + length, 0) >= bytes, 10_000)
  return Buffer.concat(pieces)
}

test('records of several streams reach each host whole and in order, also one that stands still', async () => {
  const ways = await Promise.all([1, 2, 3].map(() => openWay()))
  const bytes = 16 * 2 ** 20
  const sent = ways.map(() => randomBytes(bytes))
  // Mostly whole records, and now and then the end of one frame and the beginning of the next.
  const lengths = [5_000, RECORD - 5_000, RECORD, 5_000, RECORD - 5_000, RECORD, RECORD]
  const burst = lengths.reduce((sum, length) => sum + length)
  for (let at = 0; at + burst <= bytes; at += burst) {
    for (const [index, { loan }] of ways.entries()) {
      let from = at
      for (const length of lengths) {
        const data = sent[index]?.subarray(from, from + length) ?? Buffer.alloc(0)
        lend(data, (piece) => loan.lend(piece))
        from += length
      }
    }
    await new Promise(setImmediate)
  }
  for (const [index, { host, loan }] of ways.entries()) {
    const received = await read(host, bytes - (bytes % burst))
    const expected = sent[index]?.subarray(0, received.length)
    expect(received.equals(expected ?? Buffer.alloc(0)), `host ${index}`).toBe(true)
    await waitUntil(() => loan.bytes === 0, 10_000)
  }
})

test('what was gathered goes out before the end', async () => {
  const { host, loan, to } = await openWay()
  const data = randomBytes(3 * RECORD)
  for (let at = 0; at < data.length; at += RECORD) loan.lend(data.subarray(at, at + RECORD))
  loan.end()
  to.end()
  expect((await read(host, data.length)).equals(data)).toBe(true)
})

test('bytes count until the socket has taken them, and their stream hears of it', async () => {
  let taken = 0
  const { host, loan } = await openWay(() => {
    taken += 1
  })
  loan.lend(randomBytes(RECORD))
  expect(loan.bytes).toBe(RECORD)
  await read(host, RECORD)
  await waitUntil(() => loan.bytes === 0, 10_000)
  expect(taken).toBe(1)
})

test('a host that stands still keeps no more than twice the memory of what is for it', async () => {
  const { loan, to } = await openWay()
  const kept: { bytes: number; memory: number }[] = []
  const { write } = to
  to.write = (chunk: Uint8Array, ...more: never[]) => {
    kept.push({ bytes: chunk.length, memory: chunk.buffer.byteLength })
    return write.call(to, chunk, ...more)
  }
  for (let round = 0; loan.bytes < 2 ** 20; round += 1) {
    for (let count = 0; count <= round % 7; count += 1) loan.lend(Buffer.alloc(RECORD))
    await new Promise(setImmediate)
  }
  expect(kept.length).toBeGreaterThan(10)
  for (const { bytes, memory } of kept) expect(memory).toBeLessThanOrEqual(2 * bytes)
  expect(to.writableLength).toBeGreaterThan(0)
})

test('what a connection has read is freed after it was handed on, and what is held when it is let go', () => {
  const socket = new PassThrough()
  const seen: { bytes: Buffer; wasLent: boolean; release?: () => void }[] = []
  freedReads(socket as unknown as Socket).start((bytes) => {
    const isSecond = seen.length === 1
    seen.push({ bytes, wasLent: isLent(bytes), ...(isSecond ? { release: hold(bytes.subarray(5)) } : {}) })
  })
  for (const value of [1, 2, 3]) socket.write(Buffer.alloc(RECORD, value))
  expect(seen.map(({ wasLent }) => wasLent)).toEqual([true, true, true])
  expect(seen.map(({ bytes }) => bytes.length)).toEqual([0, RECORD, 0])
  expect(seen[1]?.bytes.every((byte) => byte === 2)).toBe(true)
  seen[1]?.release?.()
  expect(seen[1]?.bytes.length).toBe(0)
})
