import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { AppError } from '../../shared/errors/app-error.ts'
import { timedOut, toConnectError } from './connect-error.ts'
import type { Transport } from './connection.ts'

export interface DialedSocket {
  readonly stream: Duplex
  readonly transport: Transport
}

/** Opens the TCP connection below SSH. Rejects with a `ssh.*` AppError or with the signal's reason. */
export function dialTcp(
  { host, port, place, timeoutMs }: { host: string; port: number; place: string; timeoutMs: number },
  signal: AbortSignal,
): Promise<DialedSocket> {
  return new Promise((resolve, reject) => {
    // Nagle's algorithm would hold back small packets for up to 40 ms behind a delayed acknowledgement.
    const socket = connect({ host, port, noDelay: true })
    const timer = setTimeout(() => fail(timedOut(place, timeoutMs)), timeoutMs)
    const abort = () => fail(signal.reason)
    const onError = (error: Error) => fail(toConnectError(error, place, 'connecting'))
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.off('error', onError)
    }
    function fail(reason: AppError | unknown) {
      finish()
      socket.on('error', () => undefined)
      socket.destroy()
      reject(reason)
    }
    socket.once('error', onError)
    socket.once('connect', () => {
      finish()
      batchWrites(socket)
      resolve({ stream: socket, transport: socketTransport(socket) })
    })
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  })
}

/** A channel of the jump host's connection in place of a socket. */
export function dialedChannel(channel: Duplex, onClosed: () => void): DialedSocket {
  let bytesReceived = 0
  let bytesSent = 0
  channel.on('data', (data: Buffer) => {
    bytesReceived += data.length
  })
  channel.pause()
  channel.once('close', onClosed)
  const write = channel.write.bind(channel)
  channel.write = (data: Buffer) => {
    bytesSent += data.length
    return write(data)
  }
  return {
    stream: channel,
    transport: {
      get bytesReceived() {
        return bytesReceived
      },
      get bytesSent() {
        return bytesSent
      },
      get bytesWaiting() {
        return channel.writableLength
      },
      destroy: () => channel.destroy(),
    },
  }
}

/** One system call for all packets of a turn: ssh2 writes each of them by itself. */
function batchWrites(socket: Socket): void {
  const write = socket.write.bind(socket)
  let isCorked = false
  const flush = () => {
    isCorked = false
    socket.uncork()
  }
  socket.write = (data: Uint8Array) => {
    if (!isCorked) {
      isCorked = true
      socket.cork()
      process.nextTick(flush)
    }
    return write(data)
  }
}

function socketTransport(socket: Socket): Transport {
  return {
    get bytesReceived() {
      return socket.bytesRead
    },
    get bytesSent() {
      return socket.bytesWritten
    },
    get bytesWaiting() {
      return socket.writableLength
    },
    destroy: () => socket.destroy(),
  }
}
