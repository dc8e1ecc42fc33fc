// With make-request.ts the only file that knows the library: everything else deals in PEM texts and in Node's own
// X509Certificate.
import './reflect-metadata.ts'
import { generateKeyPair, type KeyObject, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import * as x509 from '@peculiar/x509'
import { CLIENT_AUTH, SERVER_AUTH } from './expiry.ts'
import type { CertificateKind, SubjectName } from './names.ts'

/** Every TLS stack takes ECDSA on P-256 and does it in constant time; Ed25519 is refused by browsers and by Windows. */
const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const
export const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const
const CRL_NUMBER = '2.5.29.20'
/** What is signed begins a little before it is: other machines' clocks may be behind this one's. */
export const CLOCK_LEEWAY_MS = 3_600_000

/** Milliseconds since the Unix epoch. */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** The authority as it signs. */
export interface Signer {
  readonly pem: string
  readonly privateKey: KeyObject
}

export function makeKeyPair(): Promise<KeyPair> {
  return promisify(generateKeyPair)('ec', { namedCurve: KEY.namedCurve })
}

/** As `-----BEGIN PRIVATE KEY-----`. */
export function keyPem({ privateKey }: KeyPair): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** A certificate that signs itself and may sign leaves, but no further authorities. */
export async function makeAuthorityCertificate(
  keys: KeyPair,
  commonName: string,
  { notBefore, notAfter }: Validity,
): Promise<string> {
  const [publicKey, privateKey] = webKeys(keys)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: makeSerial(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    keys: { publicKey, privateKey },
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  })
  return ended(certificate.toString('pem'))
}

export interface LeafWish extends Validity {
  readonly kind: CertificateKind
  readonly commonName: string
  readonly names: readonly SubjectName[]
  readonly publicKey: KeyObject
}

/** For one end of the tunnel and nothing else. */
export async function makeLeafCertificate(signer: Signer, wish: LeafWish): Promise<string> {
  const authority = new x509.X509Certificate(signer.pem)
  const publicKey = new x509.PublicKey(wish.publicKey.export({ type: 'spki', format: 'der' }))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: makeSerial(),
    subject: [{ CN: [wish.commonName] }],
    issuer: authority.subjectName,
    notBefore: new Date(wish.notBefore),
    notAfter: new Date(wish.notAfter),
    publicKey,
    signingKey: signingKey(signer),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([wish.kind === 'server' ? SERVER_AUTH : CLIENT_AUTH]),
      new x509.SubjectAlternativeNameExtension(
        wish.names.map(({ type, value }) => ({ type: type === 'uri' ? 'url' : type, value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  })
  return ended(certificate.toString('pem'))
}

export interface RevocationList {
  readonly number: bigint
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly revoked: readonly { readonly serial: string; readonly at: number }[]
}

export async function makeRevocationList(signer: Signer, list: RevocationList): Promise<string> {
  const authority = new x509.X509Certificate(signer.pem)
  const crl = await x509.X509CrlGenerator.create({
    issuer: authority.subjectName,
    thisUpdate: new Date(list.thisUpdate),
    nextUpdate: new Date(list.nextUpdate),
    // A reason, because the library writes an empty list of extensions without one, which RFC 5280 §5.1 does not allow.
    entries: list.revoked.map(({ serial, at }) => ({
      serialNumber: serial,
      revocationDate: new Date(at),
      reason: x509.X509CrlReason.privilegeWithdrawn,
    })),
    signingAlgorithm: SIGNATURE,
    signingKey: signingKey(signer),
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      new x509.Extension(CRL_NUMBER, false, derInteger(list.number)),
    ],
  })
  // The library's own label is one that OpenSSL does not know; see RFC 7468 §7.
  return ended(x509.PemConverter.encode(crl.rawData, 'X509 CRL'))
}

/** @throws whatever the library does with what is no revocation list. */
export function readRevocationList(pem: string): RevocationList {
  const crl = new x509.X509Crl(pem)
  const number = crl.getExtension(CRL_NUMBER)
  // Tag and length are one byte each: RFC 5280 allows numbers of at most 20 octets.
  const digits = number === null ? '' : Buffer.from(number.value).subarray(2).toString('hex')
  return {
    number: digits === '' ? 0n : BigInt(`0x${digits}`),
    thisUpdate: crl.thisUpdate.getTime(),
    nextUpdate: crl.nextUpdate?.getTime() ?? Number.POSITIVE_INFINITY,
    revoked: crl.entries.map(({ serialNumber, revocationDate }) => ({
      serial: serialNumber.toUpperCase(),
      at: revocationDate.getTime(),
    })),
  }
}

/** Whether it is the list of that authority and signed by it; of the name alone there may be many. */
export async function isRevocationListOf(list: string, authority: string): Promise<boolean> {
  const crl = new x509.X509Crl(list)
  const { publicKey, subject } = new x509.X509Certificate(authority)
  return crl.issuer === subject && (await crl.verify({ publicKey }))
}

export function webKeys({ privateKey, publicKey }: KeyPair) {
  return [publicKey.toCryptoKey(KEY, true, ['verify']), privateKey.toCryptoKey(KEY, false, ['sign'])] as const
}

function signingKey({ privateKey }: Signer) {
  return privateKey.toCryptoKey(KEY, false, ['sign'])
}

/** 127 bits of chance: positive and far below the 20 octets of RFC 5280 §4.1.2.2. */
function makeSerial(): string {
  const bytes = randomBytes(16)
  // The first byte is never zero, so that no reader can differ about leading zeros.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

/** X.690 §8.3, for numbers that are not negative and fit into 127 octets. */
function derInteger(number: bigint): Uint8Array<ArrayBuffer> {
  const hex = number.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const padded = (bytes[0] ?? 0) < 0x80 ? [...bytes] : [0, ...bytes]
  return Uint8Array.from([0x02, padded.length, ...padded])
}

export function ended(pem: string): string {
  return `${pem.trimEnd()}\n`
}
