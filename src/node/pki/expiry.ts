import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AppError } from '../../shared/errors/app-error.ts'
import { DAY_MS, daysToEnd, inDays } from '../../shared/util/days.ts'
import { type SubjectName, subjectNames } from './names.ts'

/** What there is to say about a certificate. All times are milliseconds since the Unix epoch. */
export interface CertificateFacts {
  readonly commonName: string | undefined
  /** Its subject alternative names. */
  readonly names: readonly SubjectName[]
  readonly notBefore: number
  readonly notAfter: number
  /** Rounded; negative where it is past. */
  readonly daysLeft: number
  readonly state: 'valid' | 'ends-soon' | 'expired' | 'not-yet'
  /** SHA-256, in hexadecimal with colons. */
  readonly fingerprint: string
  /** In capital hexadecimal. */
  readonly serial: string
  readonly isAuthority: boolean
  readonly forServers: boolean
  readonly forClients: boolean
}

/**
 * The facts of a PEM file; of the first certificate where it holds several.
 *
 * @throws AppError `certs.invalid` with the file and what is wrong with it
 */
export async function readCertificateFacts(path: string, now: number): Promise<CertificateFacts> {
  const pem = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, cause)
  })
  return certificateFacts(parseCertificate(path, pem), now)
}

/** @throws AppError `certs.invalid` */
export function parseCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new AppError('certs.invalid', `${path} holds no certificate in PEM form.`, {
      cause,
      remedy: 'Put a file there that begins with "-----BEGIN CERTIFICATE-----", from a copy or issued anew.',
    })
  }
}

export function certificateFacts(certificate: X509Certificate, now: number): CertificateFacts {
  const [notBefore, notAfter] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  // Node calls the extended key usage so; without one, a certificate is for everything (RFC 5280 §4.2.1.12).
  const usages: readonly string[] | undefined = certificate.keyUsage
  return {
    commonName: /^CN=(.*)$/m.exec(certificate.subject ?? '')?.[1],
    names: subjectNames(certificate.subjectAltName),
    notBefore,
    notAfter,
    daysLeft: Math.round((notAfter - now) / DAY_MS),
    state: stateAt({ notBefore, notAfter }, now),
    fingerprint: certificate.fingerprint256,
    serial: certificate.serialNumber,
    isAuthority: certificate.ca,
    forServers: usages?.includes(SERVER_AUTH) ?? true,
    forClients: usages?.includes(CLIENT_AUTH) ?? true,
  }
}

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

function stateAt(
  { notBefore, notAfter }: Pick<CertificateFacts, 'notBefore' | 'notAfter'>,
  now: number,
): CertificateFacts['state'] {
  if (now < notBefore) return 'not-yet'
  if (now > notAfter) return 'expired'
  return daysToEnd(notAfter, now) === undefined ? 'valid' : 'ends-soon'
}

/** One sentence where the end of a certificate is near or past, or its beginning is to come; otherwise undefined. */
export function expiryWarning(what: string, facts: CertificateFacts): string | undefined {
  const { daysLeft, notAfter, notBefore, state } = facts
  if (state === 'valid') return undefined
  if (state === 'expired') return `${what} expired on ${isoDate(notAfter)}.`
  if (state === 'not-yet') return `${what} is not valid before ${isoDate(notBefore)}.`
  return `${what} ends ${inDays(daysLeft)}, on ${isoDate(notAfter)}.`
}

/** `2027-02-19`, by UTC as certificates are. */
export function isoDate(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** `certs.invalid` for a file that is missing or may not be read. */
export function unreadable(path: string, cause: NodeJS.ErrnoException): AppError {
  return new AppError('certs.invalid', `${path} ${whyUnreadable(cause)}.`, {
    cause,
    remedy: 'Check that it is there and that this user may read it.',
  })
}

function whyUnreadable({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user'
  if (code === 'EISDIR') return 'is a folder and no file'
  return `cannot be read (${code ?? 'unknown error'})`
}
