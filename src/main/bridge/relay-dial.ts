import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AppError } from '../../shared/errors/app-error.ts'
import type { UrlRelaySettings } from '../../shared/settings/schema.ts'
import { expandHome } from '../ssh/config/expand.ts'

/** Opens connections to a relay at a URL: TCP, or TLS with what the settings say about whom to trust. */
export class RelayDial {
  readonly url: URL
  readonly place: string
  private readonly settings: UrlRelaySettings
  private readonly home: string

  /** @param home what `~` stands for in the settings. */
  constructor(settings: UrlRelaySettings, home: string) {
    this.url = new URL(settings.url)
    this.place = this.url.origin
    this.settings = settings
    this.home = home
  }

  /** @throws AppError `relay.unreachable`, or what is wrong about TLS. */
  async connect(signal: AbortSignal): Promise<Socket> {
    const { hostname, port, protocol } = this.url
    const host = hostname.replace(/^\[|\]$/g, '')
    const isTls = protocol === 'https:'
    const address = { host, port: Number(port || (isTls ? 443 : 80)), allowHalfOpen: true }
    const socket = isTls
      ? connectTls({
          ...address,
          ...(await this.readTlsFiles()),
          // An address cannot stand in SNI (RFC 6066 §3); the certificate is compared with `host` either way.
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ALPNProtocols: ['http/1.1'],
        })
      : connectTcp(address)
    try {
      await once(socket, isTls ? 'secureConnect' : 'connect', { signal })
    } catch (cause) {
      socket.destroy()
      throw this.failureOf(cause)
    }
    // Whoever uses the connection learns of its end from 'close'.
    socket.on('error', () => undefined)
    return socket.setNoDelay(true)
  }

  /** For the requests of clients that bring no token themselves. @throws AppError `relay.files-unusable` */
  clientToken(): Promise<string | undefined> {
    return this.readToken(this.settings.tokenFile, 'sbc_')
  }

  /** @throws AppError `relay.files-unusable` */
  adminToken(): Promise<string | undefined> {
    return this.readToken(this.settings.adminTokenFile, 'sba_')
  }

  failureOf(cause: unknown): AppError {
    if (cause instanceof AppError) return cause
    const error: NodeJS.ErrnoException = cause instanceof Error ? cause : new Error('the connection failed')
    const code = tlsCodeOf(error.code ?? '')
    if (code !== undefined) return new AppError(code, `${this.place}: ${tlsWords(code, error)}.`, { cause })
    return new AppError('relay.unreachable', `${this.place} does not answer: ${wordsFor(error)}.`, { cause })
  }

  /** Read for each connection: a renewed file counts from the next one on. */
  private async readTlsFiles(): Promise<{ ca?: string; cert?: string; key?: string }> {
    const { ca, cert, key } = this.settings
    return {
      ...(ca === undefined ? {} : { ca: await this.read(ca) }),
      ...(cert === undefined ? {} : { cert: await this.read(cert) }),
      ...(key === undefined ? {} : { key: await this.read(key, { isSecret: true }) }),
    }
  }

  private async readToken(path: string | undefined, prefix: string): Promise<string | undefined> {
    if (path === undefined) return undefined
    const token = (await this.read(path, { isSecret: true })).trim()
    if (token.startsWith(prefix) && /^[\w-]+$/.test(token)) return token
    const kind = prefix === 'sba_' ? 'admin token' : 'client token'
    throw new AppError('relay.files-unusable', `${path} holds no ${kind} of a relay (${prefix}…).`)
  }

  private async read(path: string, { isSecret = false } = {}): Promise<string> {
    try {
      const file = await open(expandHome(path, this.home))
      try {
        const { mode } = await file.stat()
        if (isSecret && process.platform !== 'win32' && (mode & 0o077) !== 0)
          throw new AppError('relay.files-unusable', `Others on this computer may read ${path}.`, {
            remedy: `Run "chmod 600 ${path}".`,
          })
        return await file.readFile('utf8')
      } finally {
        await file.close()
      }
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      const { code = 'unknown error' } = cause as NodeJS.ErrnoException
      const what = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
      throw new AppError('relay.files-unusable', `${path} ${what}.`, { cause })
    }
  }
}

type TlsCode =
  | 'relay.certificate-untrusted'
  | 'relay.certificate-expired'
  | 'relay.certificate-name'
  | 'relay.certificate-demanded'
  | 'relay.tls-failed'

/** https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/#error-codes, as Node names them. */
const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_CHAIN_TOO_LONG',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
])

function tlsCodeOf(code: string): TlsCode | undefined {
  if (UNTRUSTED.has(code)) return 'relay.certificate-untrusted'
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'relay.certificate-expired'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'relay.certificate-name'
  // What a server says of the certificate that it was shown, or not shown (RFC 8446 §6.2).
  if (/^ERR_SSL_.*ALERT_.*(?:CERTIFICATE|UNKNOWN_CA)/.test(code)) return 'relay.certificate-demanded'
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL_') || code === 'EPROTO')
    return 'relay.tls-failed'
  return undefined
}

function tlsWords(code: TlsCode, error: NodeJS.ErrnoException): string {
  switch (code) {
    case 'relay.certificate-untrusted':
      return `nobody this computer trusts has signed its certificate (${error.code})`
    case 'relay.certificate-expired':
      return error.code === 'CERT_NOT_YET_VALID'
        ? 'its certificate is not valid yet'
        : 'its certificate has expired'
    case 'relay.certificate-name':
      return `its certificate is for another name (${error.message.replace(/^.*altnames: /, '').slice(0, 200)})`
    case 'relay.certificate-demanded':
      return `it asks for a client certificate that it trusts (${error.code})`
    case 'relay.tls-failed':
      return error.code === 'ERR_SSL_WRONG_VERSION_NUMBER'
        ? 'what answers there speaks no TLS'
        : `TLS failed (${error.code})`
  }
}

function wordsFor(error: NodeJS.ErrnoException): string {
  const { code, message, name } = error
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host name has no address'
  if (code === 'ECONNREFUSED') return 'nothing listens on its port'
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the connection was cut'
  return name === 'AbortError' ? 'it took too long' : message
}
