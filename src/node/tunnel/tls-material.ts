import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { AppError } from '../../shared/errors/app-error.ts'
import { parsedPem, readPemFile } from '../pem-file.ts'
import { certificateFacts, isoDate } from '../pki/expiry.ts'
import { isRevocationListOf, type RevocationList, readRevocationList } from '../pki/make-certificate.ts'

const CODE = 'certs.invalid'

/** Paths of PEM files, or their text where it came by another way (it then contains `-----BEGIN`). */
export interface TlsSources {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Certificates that were revoked: the lists of one or more of the authorities. */
  readonly crl?: string | undefined
}

export interface TlsMaterial {
  readonly context: SecureContextOptions
  readonly certificate: X509Certificate
  readonly trust: TlsTrust
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number
  /** When the first of the revocation lists is too old to let anybody of its authority in; infinite without one. */
  readonly listExpiresAt: number
}

/** How the settings of an end call what it reads, and whether its certificate has to be one of a server. */
export interface TlsEnd {
  readonly caKey: 'ca' | 'ca_cert_file'
  readonly isServer: boolean
}

export const SERVER_END: TlsEnd = { caKey: 'ca_cert_file', isServer: true }
export const AGENT_END: TlsEnd = { caKey: 'ca', isServer: false }

/** What an end shows of itself. */
export interface TlsIdentity {
  readonly source: string
  readonly cert: string
  readonly key: string
  readonly certificate: X509Certificate
  readonly expiresAt: number
}

/** Whom an end believes. */
export interface TlsTrust {
  readonly ca: string
  /** OpenSSL believes those authorities alone that have one here, unless there is none at all. */
  readonly lists: readonly TrustedList[]
}

export interface TrustedList extends RevocationList {
  readonly pem: string
  readonly authority: X509Certificate
}

/** One end of a tunnel: TLS 1.3, one certificate of its own, one authority to believe. @throws AppError `certs.*` */
export async function readTlsMaterial(
  sources: TlsSources,
  now: number,
  end: TlsEnd = AGENT_END,
): Promise<TlsMaterial> {
  const trust = await readTlsTrust(sources, end)
  return tlsMaterialOf(await readTlsIdentity(sources, now, end), trust)
}

/** @throws AppError `certs.*` */
export async function readTlsIdentity(
  sources: Pick<TlsSources, 'cert' | 'key'>,
  now: number,
  end: TlsEnd = AGENT_END,
): Promise<TlsIdentity> {
  const [cert, key] = [await readPem(sources.cert), await readPem(sources.key, { isSecret: true })]
  const certificate = parsed(sources.cert, 'certificate', () => new X509Certificate(cert))
  const privateKey = parsed(sources.key, 'private key without a passphrase', () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey))
    throw new AppError(CODE, `${named(sources.key)} is not the key of ${named(sources.cert)}.`, {
      remedy: 'Name the certificate and the key that came together, as "sovereign certs export" writes them.',
    })
  const expiresAt = Date.parse(certificate.validTo)
  if (end.isServer) refuseOtherThanServer(sources.cert, certificate, now)
  refuseWrongTime(sources.cert, Date.parse(certificate.validFrom), expiresAt, now)
  parsed(sources.cert, 'chain of certificates', () => createSecureContext({ cert, key }))
  return { source: sources.cert, cert, key, certificate, expiresAt }
}

/** @throws AppError `certs.invalid` */
export async function readTlsTrust(
  sources: Pick<TlsSources, 'ca' | 'crl'>,
  end: TlsEnd = AGENT_END,
): Promise<TlsTrust> {
  const ca = await readPem(sources.ca)
  parsed(sources.ca, 'certificate', () => new X509Certificate(ca))
  const { crl: source } = sources
  if (source === undefined) return { ca, lists: [] }
  const text = await readPem(source)
  // OpenSSL reads the first of a text and leaves out the others. Without any, it says what is wrong with the text.
  const pems = text.match(LISTS) ?? [text]
  const lists = pems.map((pem) => {
    const list = parsed(source, 'revocation list', () => {
      createSecureContext({ ca, crl: pem })
      return readRevocationList(pem)
    })
    return { ...list, pem }
  })
  const ofAuthority = async (list: (typeof lists)[number]): Promise<TrustedList> => ({
    ...list,
    authority: await authorityOf({ source, pem: list.pem }, ca, end),
  })
  return { ca, lists: await Promise.all(lists.map(ofAuthority)) }
}

/** @throws AppError `certs.invalid` where a list revokes the certificate itself. */
export function tlsMaterialOf(identity: TlsIdentity, trust: TlsTrust): TlsMaterial {
  const { ca, lists } = trust
  const { cert, certificate, expiresAt, key, source } = identity
  refuseRevoked(source, certificate, lists)
  const crl = lists.map(({ pem }) => pem)
  return {
    context: { ca, cert, key, minVersion: 'TLSv1.3', ...(crl.length === 0 ? {} : { crl }) },
    certificate,
    trust,
    expiresAt,
    listExpiresAt: Math.min(...lists.map(({ nextUpdate }) => nextUpdate)),
  }
}

/** @returns since when, in milliseconds since the Unix epoch; undefined unless its own authority has revoked it. */
export function revokedAt(certificate: X509Certificate, lists: readonly TrustedList[]): number | undefined {
  const serial = plainSerial(certificate.serialNumber)
  for (const { authority, revoked } of lists) {
    const found = revoked.find((one) => plainSerial(one.serial) === serial)
    // Another authority may have given the same number.
    if (found !== undefined && certificate.verify(authority.publicKey)) return found.at
  }
  return undefined
}

function refuseOtherThanServer(source: string, certificate: X509Certificate, now: number): void {
  if (certificateFacts(certificate, now).forServers) return
  throw new AppError(
    CODE,
    `The certificate ${named(source)} is not for a server: every agent would refuse it.`,
    {
      remedy: 'Issue one with "sovereign certs issue --server", and bring its files here.',
    },
  )
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs
/** Also one that is cut off, which is for its parser to refuse. */
const LISTS = /-----BEGIN X509 CRL-----.+?(?:-----END X509 CRL-----|$)/gs

/** Which of the authorities has signed the list; with the list of another, OpenSSL refuses everybody. */
async function authorityOf(
  list: { readonly source: string; readonly pem: string },
  ca: string,
  { caKey }: TlsEnd,
): Promise<X509Certificate> {
  for (const pem of ca.match(CERTIFICATES) ?? [])
    if (await isRevocationListOf(list.pem, pem)) return new X509Certificate(pem)
  throw new AppError(CODE, `${named(list.source)}: this revocation list is not of the authority ${caKey}.`, {
    remedy: 'Bring the crl.pem that is beside the ca.pem of that authority, anew with "sovereign certs crl".',
  })
}

function refuseRevoked(source: string, certificate: X509Certificate, lists: readonly TrustedList[]): void {
  const at = revokedAt(certificate, lists)
  if (at === undefined) return
  throw new AppError(CODE, `The certificate ${named(source)} was revoked on ${isoDate(at)}.`, {
    remedy: 'Issue a new one with "sovereign certs issue", and bring its files here.',
  })
}

/** In capitals and without zeros in front, which some write and some do not. @param serial in hexadecimal. */
function plainSerial(serial: string): string {
  return serial.toUpperCase().replace(/^0+/, '')
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
