import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { LendingSocket } from '../../../src/node/lending-socket.ts'
import { splice } from '../../../src/node/splice.ts'
import { waitUntil } from '../../support/start-sshd.ts'

const servers: Server[] = []
const sockets: Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket.on('error', () => undefined))
    onSocket(socket)
  })
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

async function connect<T extends Socket>(socket: T, port: number): Promise<T> {
  sockets.push(socket.on('error', () => undefined))
  socket.connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  return socket
}

const MIB = 2 ** 20

/** No two places of it look alike, and no two seeds. */
function pattern(bytes: number, seed: number): Buffer {
  const words = new Uint32Array(bytes / 4)
  for (let index = 0; index < words.length; index += 1)
    words[index] = Math.imul(index + 1, 0x9e37_79b1) + seed
  return Buffer.from(words.buffer)
}

interface Way {
  readonly port: number
  /** Whether it waits for its reader, or has nothing more for it. */
  isStuck(): boolean
}

/** A host that sends this on each connection, behind a proxy that splices with it. */
async function wayTo(data: Buffer): Promise<Way> {
  const host = await listen((socket) => void socket.end(data))
  let near: Socket | undefined
  const port = await listen((client) => {
    near = client.pause()
    void connect(new LendingSocket(), host).then((far) => splice(client, far))
  })
  return { port, isStuck: () => near !== undefined && (near.writableLength > 0 || near.writableEnded) }
}

/** Stands still after so many bytes until the proxy has to wait for it. */
async function read(socket: Socket, way: Way, pauseBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let untilPause = pauseBytes
  socket.on('data', (data: Buffer) => {
    pieces.push(data)
    untilPause -= data.length
    if (untilPause > 0) return
    untilPause = pauseBytes
    socket.pause()
    void waitUntil(way.isStuck, 10_000).then(() => socket.resume())
  })
  await once(socket, 'end')
  socket.end()
  return Buffer.concat(pieces)
}

test('readers that stand still now and then get every byte in its place, each its own', async () => {
  const transfers = [1, 2, 3, 4].map(async (seed) => {
    const data = pattern(24 * MIB, seed)
    const way = await wayTo(data)
    const received = await read(await connect(new Socket(), way.port), way, 3 * MIB)
    expect(received.equals(data), `transfer ${seed}`).toBe(true)
  })
  await Promise.all(transfers)
})

test('more transfers at once than there are buffers to keep stay apart', async () => {
  const data = pattern(2 * MIB, 7)
  const way = await wayTo(data)
  const transfers = Array.from({ length: 40 }, async () => {
    const socket = await connect(new Socket(), way.port)
    const received = await buffer(socket)
    socket.end()
    return received.equals(data)
  })
  expect(await Promise.all(transfers)).toEqual(Array(40).fill(true))
})

test('what came before anybody took it comes first', async () => {
  const data = pattern(MIB, 5)
  const host = await listen((socket) => void socket.end(data))
  const far = await connect(new LendingSocket(), host)
  await once(far, 'readable')
  const port = await listen((client) => void splice(client, far))
  const received = await buffer(await connect(new Socket(), port))
  expect(received.equals(data)).toBe(true)
})

test('a reader that dies in the middle leaves the memory to others in order', async () => {
  const data = pattern(24 * MIB, 6)
  const way = await wayTo(data)
  const doomed = await connect(new Socket(), way.port)
  await waitUntil(way.isStuck, 10_000)
  const rest = read(await connect(new Socket(), way.port), way, 3 * MIB)
  doomed.resetAndDestroy()
  expect((await rest).equals(data)).toBe(true)
})

test('a connection that is reset while its end is being sent is closed', async () => {
  const port = await listen((socket) => void socket.resume())
  const socket = await connect(new LendingSocket(), port)
  const closed = once(socket, 'close')
  // The system is told in the next turn of the event loop.
  socket.end().resetAndDestroy()
  await closed
})
