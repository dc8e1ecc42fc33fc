import { createConnection, type Socket } from 'node:net'
import { LendingSocket } from '../lending-socket.ts'
import type { CheckedAddress } from './checked-addresses.ts'

/** How long one address is alone in trying before the next one starts beside it (RFC 8305 §5). */
const HEAD_START_MS = 250

/**
 * Connects to whichever address answers first; the others are given up. The families take turns, the first address
 * leads. A socket that keeps half-close and has no delay.
 *
 * @throws the error of the first address if all fail; the reason of the signal.
 */
export function raceConnect(
  addresses: readonly CheckedAddress[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const waiting = alternate(addresses)
    const trying = new Set<Socket>()
    let firstError: Error | undefined
    let timer: NodeJS.Timeout | undefined
    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      for (const socket of trying) socket.destroy()
    }
    const onAbort = (): void => {
      settle()
      reject(signal.reason)
    }
    const next = (): void => {
      clearTimeout(timer)
      const address = waiting.shift()
      if (address === undefined) return
      const socket = openSocket(address.address, port)
      trying.add(socket)
      const onError = (error: Error): void => {
        firstError ??= error
        trying.delete(socket)
        if (waiting.length > 0) next()
        else if (trying.size === 0) {
          settle()
          reject(firstError)
        }
      }
      socket.once('error', onError).once('connect', () => {
        socket.off('error', onError)
        trying.delete(socket)
        settle()
        resolve(socket)
      })
      if (waiting.length > 0) timer = setTimeout(next, HEAD_START_MS)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    else next()
  })
}

function openSocket(host: string, port: number): Socket {
  // Windows fills a buffer at a time of its own choosing.
  if (process.platform === 'win32')
    return createConnection({ host, port, allowHalfOpen: true, noDelay: true })
  return new LendingSocket().connect({ host, port })
}

function alternate(addresses: readonly CheckedAddress[]): CheckedAddress[] {
  if (addresses.length === 1) return [...addresses]
  const [lead] = addresses
  const same = addresses.filter(({ family }) => family === lead?.family)
  const other = addresses.filter(({ family }) => family !== lead?.family)
  return same
    .flatMap((address, index) => {
      const beside = other[index]
      return beside === undefined ? [address] : [address, beside]
    })
    .concat(other.slice(same.length))
}
