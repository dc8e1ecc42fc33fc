/** Measures one proxy, in a process of its own: `{what, proxy, host, ...}` as JSON argument, a result as JSON line. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Load {
  readonly what: 'requests' | 'set-up' | 'bulk'
  /** Undefined is without a proxy. */
  readonly proxy: number | undefined
  readonly host: number
  readonly seconds: number
  readonly connections: number
  readonly count: number
  readonly mib: number
}

export interface LoadResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failed: number
}

const BODY_BYTES = 1024
const HEAD_END = Buffer.from('\r\n\r\n')

const load: Load = JSON.parse(process.argv[2] ?? '')
const measured = { requests, 'set-up': setUp, bulk }[load.what]
console.log(JSON.stringify(await measured(load)))
process.exit()

async function requests({ proxy, host, seconds, connections }: Load): Promise<LoadResult> {
  const target = proxy === undefined ? '/' : `http://127.0.0.1:${host}/`
  const request = Buffer.from(
    `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${host}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n`,
  )
  const times: number[] = []
  let failed = 0
  let keeps = true
  const start = performance.now()
  const end = start + seconds * 1000
  await Promise.all(
    Array.from({ length: connections }, async () => {
      let socket: Socket | undefined
      while (performance.now() < end) {
        const before = performance.now()
        const isReused = socket !== undefined
        socket ??= await open(proxy ?? host)
        const answer = await ask(socket, request)
        if (answer !== 'failed') times.push(performance.now() - before)
        // One that closes without having said so is asked on a connection of its own from then on.
        else if (isReused) keeps = false
        else failed += 1
        if (answer !== 'kept' || !keeps) {
          socket.destroy()
          socket = undefined
        }
      }
      socket?.destroy()
    }),
  )
  return result(times, (performance.now() - start) / 1000, failed)
}

/** One request and its answer of 1 KiB. */
function ask(socket: Socket, request: Buffer): Promise<'kept' | 'closed' | 'failed'> {
  return new Promise((resolve) => {
    let seen: Buffer | undefined
    let needed = -1
    let isKept = true
    const settle = (how: 'kept' | 'closed' | 'failed'): void => {
      socket.off('data', onData).off('close', onClose)
      resolve(how)
    }
    const onClose = (): void => settle('failed')
    const onData = (data: Buffer): void => {
      seen = seen === undefined ? data : Buffer.concat([seen, data])
      if (needed < 0) {
        const end = seen.indexOf(HEAD_END)
        if (end < 0) return
        const head = seen.toString('latin1', 0, end)
        if (!/^HTTP\/1\.[01] 200/.test(head)) {
          settle('failed')
          return
        }
        isKept =
          !/^(?:proxy-)?connection: *close/im.test(head) && /^content-length/im.test(head) && head[7] === '1'
        needed = end + HEAD_END.length + BODY_BYTES
      }
      if (seen.length >= needed) settle(isKept ? 'kept' : 'closed')
    }
    socket.on('data', onData).on('close', onClose)
    socket.write(request)
  })
}

/** Tunnels one after the other, from the first SYN to the 200; without a proxy, the connection itself. */
async function setUp({ proxy, host, count }: Load): Promise<LoadResult> {
  const times: number[] = []
  const start = performance.now()
  for (let index = 0; index < count; index += 1) {
    const before = performance.now()
    const socket = await tunnel(proxy, host)
    times.push(performance.now() - before)
    socket.destroy()
  }
  return result(times, (performance.now() - start) / 1000, 0)
}

/** `perSecond` is MiB/s of one tunnel. */
async function bulk({ proxy, host, mib }: Load): Promise<LoadResult> {
  const socket = await tunnel(proxy, host)
  const start = performance.now()
  let received = 0
  socket.on('data', (data: Buffer) => {
    received += data.length
  })
  socket.write(`${mib * 1024 * 1024}\n`)
  await once(socket, 'end')
  const seconds = (performance.now() - start) / 1000
  return {
    perSecond: received / 1024 / 1024 / seconds,
    p50Ms: 0,
    p99Ms: 0,
    failed: Number(received !== mib * 1024 * 1024),
  }
}

async function tunnel(proxy: number | undefined, host: number): Promise<Socket> {
  const socket = await open(proxy ?? host)
  if (proxy === undefined) return socket
  socket.write(`CONNECT 127.0.0.1:${host} HTTP/1.1\r\nHost: 127.0.0.1:${host}\r\n\r\n`)
  const [head] = (await once(socket, 'data')) as [Buffer]
  if (!/^HTTP\/1\.[01] 200/.test(head.toString('latin1'))) throw new Error(`No tunnel: ${head}`)
  return socket
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

function result(times: number[], seconds: number, failed: number): LoadResult {
  times.sort((left, right) => left - right)
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
  return { perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), failed }
}
