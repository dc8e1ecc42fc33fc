import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Egress } from '../../src/main/egress/egress.ts'
import { freePort } from '../support/free-port.ts'
import { waitUntil } from '../support/start-sshd.ts'

export interface EgressUnderTest {
  readonly egress: Egress
  /** Ends what was started beside it, such as a tunnel server. */
  close?(): Promise<void>
}

/** What the kernel, both programs and TLS may keep of a stream that nobody reads, generously. */
const MOST_BUFFERED_BYTES = 24 * 1024 * 1024
const FAR_MORE_BYTES = 96 * 1024 * 1024

/**
 * The laws of {@link Egress}.
 *
 * @param make one that may reach 127.0.0.0/8 and ::1, and nothing else that is not public.
 */
export function egressContract(name: string, make: () => Promise<EgressUnderTest>): void {
  const start = async (): Promise<Egress> => {
    const made = await make()
    onTestFinished(async () => {
      await made.egress.close(0)
      await made.close?.()
    })
    return made.egress
  }
  const open = async (egress: Egress, port: number, host = '127.0.0.1'): Promise<Duplex> => {
    const stream = await egress.connect({ host, port }, new AbortController().signal)
    stream.on('error', () => undefined)
    onTestFinished(() => void stream.destroy())
    return stream
  }

  describe(`the ${name} way out`, () => {
    test.each(['127.0.0.1', 'localhost'])('carries bytes to %s and back unchanged', async (host) => {
      const stream = await open(await start(), await startEcho(), host)
      const sent = randomBytes(3_000_000)
      const received = readAll(stream)
      stream.end(sent)
      expect(hash(await received)).toBe(hash(sent))
    })

    test('keeps the bytes of many connections apart', async () => {
      const egress = await start()
      const port = await startEcho()
      const results = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const stream = await open(egress, port)
          const sent = Buffer.alloc(40_000, index)
          const received = readAll(stream)
          stream.end(sent)
          return (await received).equals(sent)
        }),
      )
      expect(results.every(Boolean)).toBe(true)
    })

    test('delivers what the host says first, without a byte being sent', async () => {
      const port = await startServer((socket) => socket.end('220 hello\r\n'))
      expect(String(await readAll(await open(await start(), port)))).toBe('220 hello\r\n')
    })

    test('an end of ours is a FIN, after which the answer still comes', async () => {
      const port = await startServer((socket) => {
        const heard = readAll(socket)
        void heard.then((bytes) => socket.end(`heard ${bytes.length}`))
      })
      const stream = await open(await start(), port)
      stream.end(Buffer.alloc(100_000))
      expect(String(await readAll(stream))).toBe('heard 100000')
    })

    test('an end of the host leaves our direction open', async () => {
      const heard: Promise<Buffer>[] = []
      const port = await startServer((socket) => {
        socket.end('bye')
        heard.push(readAll(socket))
      })
      const stream = await open(await start(), port)
      expect(String(await readAll(stream))).toBe('bye')
      stream.end('still here')
      expect(String(await heard[0])).toBe('still here')
    })

    test('destroying it resets the host', async () => {
      const sockets: Socket[] = []
      const ends: string[] = []
      const port = await startServer((socket) => {
        sockets.push(socket)
        socket.on('end', () => ends.push('end')).on('close', () => ends.push('close'))
        socket.on('data', () => undefined)
      })
      const stream = await open(await start(), port)
      stream.write('hello')
      expect(await waitUntil(() => (sockets[0]?.bytesRead ?? 0) === 5, 10_000)).toBe(true)
      stream.destroy()
      expect(await waitUntil(() => ends.includes('close'), 10_000)).toBe(true)
      expect(ends).toEqual(['close'])
    })

    test('a reset by the host is an error and no end', async () => {
      const port = await startServer((socket) => void socket.once('data', () => socket.resetAndDestroy()))
      const stream = await open(await start(), port)
      const events: string[] = []
      stream.on('end', () => events.push('end')).on('error', () => events.push('error'))
      stream.resume().write('hello')
      if (!stream.closed) await once(stream, 'close').catch(() => undefined)
      expect(await waitUntil(() => stream.closed, 10_000)).toBe(true)
      expect(events).toEqual(['error'])
    })

    test('a reader of ours that stalls makes the host wait, and costs bounded memory', async () => {
      let sent = 0
      const port = await startServer((socket) => {
        const block = Buffer.alloc(64 * 1024)
        const more = (): void => {
          while (sent < FAR_MORE_BYTES && !socket.destroyed) {
            sent += block.length
            if (!socket.write(block)) return
          }
          socket.end()
        }
        socket.on('drain', more)
        more()
      })
      const stream = await open(await start(), port)
      stream.pause()
      await settled(() => sent)
      expect(sent).toBeLessThan(MOST_BUFFERED_BYTES)
      let received = 0
      stream.on('data', (data: Buffer) => {
        received += data.length
      })
      stream.resume()
      await once(stream, 'end')
      expect(received).toBe(FAR_MORE_BYTES)
    })

    test('a host that stalls makes our writer wait', async () => {
      const sockets: Socket[] = []
      const port = await startServer((socket) => void sockets.push(socket.pause()))
      const stream = await open(await start(), port)
      let written = 0
      const block = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (written < FAR_MORE_BYTES && !stream.destroyed) {
          written += block.length
          if (!stream.write(block)) return
        }
        stream.end()
      }
      stream.on('drain', more)
      more()
      await settled(() => written)
      expect(written).toBeLessThan(MOST_BUFFERED_BYTES)
      let heard = 0
      sockets[0]?.on('data', (data: Buffer) => {
        heard += data.length
      })
      sockets[0]?.resume()
      expect(await waitUntil(() => heard === FAR_MORE_BYTES, 25_000)).toBe(true)
    })

    test.each([
      [
        'a port on which nobody listens',
        'egress.refused',
        async () => ({ host: '127.0.0.1', port: await freePort() }),
      ],
      ['a name that does not exist', 'egress.dns-failed', () => ({ host: 'no-such-host.invalid', port: 80 })],
      ['the metadata service of a cloud', 'egress.denied', () => ({ host: '169.254.169.254', port: 80 })],
      ['a private network', 'egress.denied', () => ({ host: '10.1.2.3', port: 80 })],
      [
        'a private network inside an IPv6 address',
        'egress.denied',
        () => ({ host: '::ffff:10.1.2.3', port: 80 }),
      ],
      ['a private network spelt as one number', 'egress.denied', () => ({ host: '167838211', port: 80 })],
    ])('says of %s that it is %s', async (_case, code, target) => {
      const egress = await start()
      await expect(egress.connect(await target(), new AbortController().signal)).rejects.toMatchObject({
        name: 'AppError',
        code,
      })
    })

    test('a connection that is given up while it is opened is not opened', async () => {
      const egress = await start()
      const port = await startEcho()
      const early = AbortSignal.abort(new Error('never mind'))
      await expect(egress.connect({ host: '127.0.0.1', port }, early)).rejects.toThrow('never mind')
      const late = new AbortController()
      const opening = egress.connect({ host: 'localhost', port }, late.signal)
      late.abort(new Error('too late'))
      await expect(opening).rejects.toThrow('too late')
    })

    test('an abort after it was opened leaves the connection alone', async () => {
      const egress = await start()
      const port = await startEcho()
      const abort = new AbortController()
      const stream = await egress.connect({ host: '127.0.0.1', port }, abort.signal)
      onTestFinished(() => void stream.destroy())
      abort.abort()
      const received = readAll(stream)
      stream.end('still there')
      expect(String(await received)).toBe('still there')
    })

    test('close lets a connection finish, and opens none any more', async () => {
      const egress = await start()
      const port = await startEcho()
      const stream = await open(egress, port)
      const closed = egress.close(20_000)
      await expect(
        egress.connect({ host: '127.0.0.1', port }, new AbortController().signal),
      ).rejects.toMatchObject({ name: 'AppError' })
      const received = readAll(stream)
      stream.end('last words')
      expect(String(await received)).toBe('last words')
      await closed
    })

    test('close ends what does not finish in time, and may be called again', async () => {
      const egress = await start()
      const stream = await open(egress, await startEcho())
      await egress.close(50)
      expect(stream.destroyed).toBe(true)
      await egress.close(50)
    })
  })
}

async function startEcho(): Promise<number> {
  return startServer((socket) => void socket.pipe(socket))
}

/** Keeps half-close, and ends with the test. */
async function startServer(welcome: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    welcome(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

async function readAll(stream: Duplex): Promise<Buffer> {
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  if (!stream.readableEnded) await once(stream, 'end')
  return Buffer.concat(pieces)
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Waits until a number that grows has come to rest. */
async function settled(value: () => number): Promise<void> {
  let last = -1
  let same = 0
  await waitUntil(() => {
    same = value() === last && last > 0 ? same + 1 : 0
    last = value()
    return same >= 20
  }, 10_000)
}
