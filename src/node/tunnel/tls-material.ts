import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { AppError } from '../../shared/errors/app-error.ts'
import { parsedPem, readPemFile } from '../pem-file.ts'
import { readRevocationList } from '../pki/make-certificate.ts'

const CODE = 'certs.invalid'

/** Paths of PEM files, or their text where it came by another way (it then contains `-----BEGIN`). */
export interface TlsSources {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Certificates that were revoked. */
  readonly crl?: string | undefined
}

export interface TlsMaterial {
  readonly context: SecureContextOptions
  readonly certificate: X509Certificate
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number
  /** Serial numbers in capital hexadecimal. */
  readonly revoked: ReadonlySet<string>
  /** When the revocation list is too old to let anybody in; infinite without one. */
  readonly listExpiresAt: number
}

/** One end of a tunnel: TLS 1.3, one certificate of its own, one authority to believe. @throws AppError `certs.*` */
export async function readTlsMaterial(sources: TlsSources, now: number): Promise<TlsMaterial> {
  const [ca, cert, key] = [
    await readPem(sources.ca),
    await readPem(sources.cert),
    await readPem(sources.key, { isSecret: true }),
  ]
  const crl = sources.crl === undefined ? undefined : await readPem(sources.crl)
  const certificate = parsed(sources.cert, 'certificate', () => new X509Certificate(cert))
  parsed(sources.ca, 'certificate', () => new X509Certificate(ca))
  const privateKey = parsed(sources.key, 'private key without a passphrase', () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey))
    throw new AppError(CODE, `${named(sources.key)} is not the key of ${named(sources.cert)}.`, {
      remedy: 'Name the certificate and the key that came together, as "sovereign certs export" writes them.',
    })
  const expiresAt = Date.parse(certificate.validTo)
  refuseWrongTime(sources.cert, Date.parse(certificate.validFrom), expiresAt, now)
  const context: SecureContextOptions = { ca, cert, key, minVersion: 'TLSv1.3' }
  parsed(sources.cert, 'chain of certificates', () => createSecureContext(context))
  if (sources.crl === undefined || crl === undefined)
    return { context, certificate, expiresAt, revoked: new Set(), listExpiresAt: Number.POSITIVE_INFINITY }
  const withList = { ...context, crl }
  const { nextUpdate, revoked } = parsed(sources.crl, 'revocation list', () => {
    createSecureContext(withList)
    return readRevocationList(crl)
  })
  return {
    ...{ context: withList, certificate, expiresAt, listExpiresAt: nextUpdate },
    revoked: new Set(revoked.map(({ serial }) => serial)),
  }
}

/** Whether it is the text itself and no path. */
export function isPemText(source: string): boolean {
  return source.includes('-----BEGIN')
}

async function readPem(source: string, { isSecret = false } = {}): Promise<string> {
  return isPemText(source) ? source : await readPemFile(source, CODE, { isSecret })
}

function refuseWrongTime(source: string, from: number, until: number, now: number): void {
  if (now >= from && now < until) return
  const what = now < from ? `is valid only from ${dayOf(from)}` : `expired on ${dayOf(until)}`
  throw new AppError('certs.expired', `The certificate ${named(source)} ${what}.`)
}

export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

function named(source: string): string {
  return isPemText(source) ? 'of the environment' : source
}

function parsed<T>(source: string, what: string, parse: () => T): T {
  return parsedPem(named(source), what, CODE, parse)
}
