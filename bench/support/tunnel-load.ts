import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Opens one connection through a path to the host of tunnel-host.ts. */
export type Open = () => Promise<Socket>

export function openTcp(port: number): Open {
  return async () => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
    await once(socket, 'connect')
    return socket
  }
}

/** SOCKS5 without a password (RFC 1928), as `ssh -D` serves it. */
export function openSocks(port: number, targetPort: number): Open {
  const dial = openTcp(port)
  return async () => {
    const socket = await dial()
    socket.write(Buffer.of(5, 1, 0))
    await once(socket, 'data')
    socket.write(Buffer.of(5, 1, 0, 1, 127, 0, 0, 1, targetPort >> 8, targetPort & 0xff))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    if (answer[1] !== 0) throw new Error(`SOCKS error ${answer[1]}.`)
    return socket
  }
}

/** A tunnel of an HTTP proxy (RFC 9110 §9.3.6). */
export function openConnect(port: number, targetPort: number): Open {
  const dial = openTcp(port)
  return async () => {
    const socket = await dial()
    socket.write(`CONNECT 127.0.0.1:${targetPort} HTTP/1.1\r\nHost: 127.0.0.1:${targetPort}\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    if (!/^HTTP\/1\.1 200/.test(answer.toString('latin1'))) throw new Error(`No tunnel: ${answer}`)
    return socket
  }
}

/** MiB/s of so many streams together. */
export async function bulk(open: Open, kind: 'down' | 'up', streams: number, mib: number): Promise<number> {
  const bytes = Math.floor((mib * 2 ** 20) / streams)
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: streams }, () => (kind === 'down' ? download : upload)(open, bytes)))
  return (mib * 1000) / (performance.now() - startedAt)
}

async function download(open: Open, bytes: number): Promise<void> {
  const socket = await open()
  let received = 0
  socket.on('data', (data: Buffer) => {
    received += data.length
  })
  socket.write(`d${bytes}`)
  await once(socket, 'end')
  socket.end()
  if (received !== bytes) throw new Error(`${received} bytes came of ${bytes}.`)
}

const BLOCK = Buffer.alloc(256 * 1024, 'u')

async function upload(open: Open, bytes: number): Promise<void> {
  const socket = await open()
  let answer = ''
  socket.on('data', (data: Buffer) => {
    answer += data
  })
  for (let left = bytes; left > 0; left -= BLOCK.length) {
    const block = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK
    if (!socket.write(block)) await once(socket, 'drain')
  }
  socket.end()
  await once(socket, 'end')
  if (Number(answer) !== bytes) throw new Error(`${answer} bytes arrived of ${bytes}.`)
}

export interface Small {
  /** Of one KiB there and back on a connection that is open. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perSecond: number
}

export async function small(open: Open, streams: number, ms: number): Promise<Small> {
  const message = Buffer.alloc(1024, 'e')
  const times: number[] = []
  const until = performance.now() + ms
  const startedAt = performance.now()
  const one = async (): Promise<void> => {
    const socket = await open()
    while (performance.now() < until) {
      const sentAt = performance.now()
      await exchange(socket, message)
      times.push(performance.now() - sentAt)
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: streams }, one))
  const elapsedMs = performance.now() - startedAt
  times.sort((left, right) => left - right)
  return {
    p50Ms: times[Math.floor(times.length / 2)] ?? Number.NaN,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    perSecond: (times.length * 1000) / elapsedMs,
  }
}

export function exchange(socket: Socket, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = message.length
    const onData = (data: Buffer): void => {
      left -= data.length
      if (left > 0) return
      socket.off('data', onData).off('close', onClose)
      resolve()
    }
    const onClose = (): void => reject(new Error('The connection was closed.'))
    socket.on('data', onData).once('close', onClose)
    socket.write(message)
  })
}

const OPENS = 40

/** Median time until a new connection has answered, one after the other. */
export async function openMs(open: Open): Promise<number> {
  const message = Buffer.alloc(1024, 'e')
  const times: number[] = []
  for (let count = 0; count < OPENS; count += 1) {
    const startedAt = performance.now()
    const socket = await open()
    await exchange(socket, message)
    times.push(performance.now() - startedAt)
    socket.destroy()
  }
  return times.sort((left, right) => left - right)[OPENS / 2] ?? Number.NaN
}
