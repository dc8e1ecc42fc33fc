import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { AppError } from '../shared/errors/app-error.ts'

const HANDSHAKE_MS = 10_000

/** TLS with a host of the internet, whose certificate the authorities of this system have to know. */
export function overTls(socket: Duplex, host: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const secure = connect({
      socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['http/1.1'],
    })
    // Node's own resets plain TCP only, and throws here, which would end the whole server.
    secure.resetAndDestroy = () => {
      socket.destroy()
      return secure.destroy()
    }
    const fail = (error: AppError): void => {
      done()
      secure.destroy()
      reject(error)
    }
    const onAbort = (): void => fail(new AppError('egress.unreachable', 'The request was given up.'))
    const timer = setTimeout(
      () => fail(new AppError('egress.timeout', `${host} did not finish its TLS handshake.`)),
      HANDSHAKE_MS,
    )
    const onError = (cause: Error): void =>
      fail(new AppError('egress.unreachable', `TLS with ${host} failed (${cause.message}).`, { cause }))
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    secure.once('error', onError).once('secureConnect', () => {
      done()
      secure.off('error', onError)
      resolve(secure)
    })
    secure.on('error', () => undefined)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}
