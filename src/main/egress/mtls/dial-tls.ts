import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { subjectNames } from '../../../node/pki/names.ts'
import type { ReadBuffers } from '../../../node/tunnel/h2/read-buffers.ts'
import type { TlsMaterial } from '../../../node/tunnel/tls-material.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { EgressTarget } from '../egress.ts'
import { placeOf } from './tunnel-session.ts'

export interface DialTlsOptions {
  readonly server: EgressTarget
  /** The name that the certificate of the server has to have, as DNS name or URI, whatever its address is. */
  readonly serverName: string
  readonly material: TlsMaterial
  readonly alpn: string
  readonly timeoutMs: number
  /** What it reads into; it then has no `data`. */
  readonly buffers?: ReadBuffers | undefined
}

/**
 * TLS 1.3 with the tunnel server. Its address proves nothing and may change; its name and the authority do.
 *
 * @throws AppError `tunnel.down`, `tunnel.not-trusted`, `tunnel.rejected`, `tunnel.protocol`
 */
export function dialTls(options: DialTlsOptions, signal: AbortSignal): Promise<TLSSocket> {
  const { alpn, buffers, material, server, serverName, timeoutMs } = options
  const place = placeOf(server)
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...material.context,
      host: server.host,
      port: server.port,
      // Server Name Indication takes DNS names only (RFC 6066 §3).
      servername: serverName.includes('://') ? '' : serverName,
      checkServerIdentity: (_host, certificate) => identityObjection(place, serverName, certificate),
      ALPNProtocols: [alpn],
      ...(buffers === undefined ? {} : { onread: buffers.onread }),
    })
    socket.setNoDelay(true).setKeepAlive(true, 15_000)
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError).off('close', onClose)
    }
    const fail = (error: unknown): void => {
      finish()
      socket.on('error', () => undefined)
      socket.destroy()
      reject(error)
    }
    const onError = (error: NodeJS.ErrnoException): void => fail(dialFailure(error, socket, place))
    const onClose = (): void => fail(new AppError('tunnel.down', `${place} closed the connection.`))
    const onAbort = (): void => fail(signal.reason)
    const timer = setTimeout(
      () => fail(new AppError('tunnel.down', `${place} did not answer within ${timeoutMs / 1000} s.`)),
      timeoutMs,
    )
    socket.once('error', onError).once('close', onClose)
    socket.once('secureConnect', () => {
      finish()
      resolve(socket)
    })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

function identityObjection(
  place: string,
  serverName: string,
  certificate: PeerCertificate,
): Error | undefined {
  const names = subjectNames(certificate.subjectaltname)
  const isRight = names.some(({ type, value }) =>
    type === 'dns'
      ? value.toLowerCase() === serverName.toLowerCase()
      : type === 'uri' && value === serverName,
  )
  if (isRight) return undefined
  const found = names.map(({ value }) => value).join(', ') || 'no name'
  const message = `The certificate of ${place} is for ${found}, and not for ${serverName}.`
  return new AppError('tunnel.not-trusted', message)
}

/** Alerts that say what the server thinks of our certificate (RFC 8446 §6.2). */
const REJECTED = /ALERT_(?:BAD_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/

/** What an error of the socket means, during the handshake or after it. */
export function dialFailure(error: NodeJS.ErrnoException, socket: TLSSocket, place: string): AppError {
  if (error instanceof AppError) return error
  const { code = '' } = error
  const options = { cause: error }
  if (socket.authorizationError != null) {
    const { authorizationError } = socket
    const why = DISTRUST[String(authorizationError)] ?? (authorizationError.message || authorizationError)
    return new AppError('tunnel.not-trusted', `The certificate of ${place} is not trusted: ${why}.`, options)
  }
  if (REJECTED.test(code))
    return new AppError('tunnel.rejected', `${place} does not accept our certificate (${code}).`, options)
  if (code.startsWith('ERR_SSL_'))
    return new AppError('tunnel.protocol', `${place} speaks no TLS that we can use (${code}).`, options)
  return new AppError('tunnel.down', `${place} ${WORDS[code] ?? `cannot be reached (${code})`}.`, options)
}

const OTHER_AUTHORITY = 'another authority has signed it than the one in "ca"'

/** What OpenSSL has against a certificate. */
const DISTRUST: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: OTHER_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'no authority has signed it',
  UNABLE_TO_GET_ISSUER_CERT: OTHER_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: OTHER_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: OTHER_AUTHORITY,
  CERT_SIGNATURE_FAILURE: OTHER_AUTHORITY,
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet; look at the clocks of both machines',
  INVALID_PURPOSE: 'it is not for a server',
  CERT_REVOKED: 'its authority has revoked it, by the list in "crl"',
  UNABLE_TO_GET_CRL: 'the list in "crl" is not of the authority that has signed it',
  CRL_HAS_EXPIRED: 'the list in "crl" is past its end, and a new one has to be brought here',
  CRL_NOT_YET_VALID: 'the list in "crl" is not valid yet; look at the clocks of both machines',
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'cut the connection',
  EPIPE: 'cut the connection',
  ETIMEDOUT: 'did not answer',
  ENOTFOUND: 'is a name that does not exist',
  EAI_AGAIN: 'could not be looked up',
  EHOSTUNREACH: 'is not reachable from this network',
  ENETUNREACH: 'is not reachable from this network',
}
