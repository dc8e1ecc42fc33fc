// With make-certificate.ts the only file that knows the library.
import './reflect-metadata.ts'
import { createPublicKey, type KeyObject } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { ended, type KeyPair, SIGNATURE, webKeys } from './make-certificate.ts'
import type { SubjectName } from './names.ts'

/** What a certificate is asked for with: PKCS#10, RFC 2986. */
export interface CertificateRequest {
  readonly pem: string
  readonly commonName: string | undefined
  /** Those of its subject alternative names, as far as they can be read: to warn by, never to be signed. */
  readonly uris: readonly string[]
  readonly publicKey: KeyObject
  /** `SHA-256` and the like; undefined where the signature has none of its own, as with Ed25519. */
  readonly hash: string | undefined
  /** Whether whoever made it has the private key. @throws whatever the library does with unknown signatures. */
  readonly isSignedByItsKey: () => Promise<boolean>
}

/** A request for a certificate with that name and those subject alternative names, as PEM. */
export async function makeRequest(
  keys: KeyPair,
  { commonName, names }: { readonly commonName: string; readonly names: readonly SubjectName[] },
): Promise<string> {
  const [publicKey, privateKey] = webKeys(keys)
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys: { publicKey, privateKey },
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map(({ type, value }) => ({ type: type === 'uri' ? 'url' : type, value })),
      ),
    ],
  })
  return ended(request.toString('pem'))
}

/** @param der the bytes that the PEM holds. @throws whatever the library or Node does with what is no request. */
export function parseRequest(der: Uint8Array<ArrayBuffer>): CertificateRequest {
  const request = new x509.Pkcs10CertificateRequest(der)
  const spki = Buffer.from(request.publicKey.rawData)
  const { hash } = request.signatureAlgorithm
  const commonNames = request.subjectName.getField('CN')
  return {
    pem: ended(request.toString('pem')),
    // Of several nobody could say which is meant.
    commonName: commonNames.length === 1 ? commonNames[0] : undefined,
    uris: urisOf(request),
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    hash: hash === undefined ? undefined : hashName(hash),
    isSignedByItsKey: () => request.verify(),
  }
}

function urisOf(request: x509.Pkcs10CertificateRequest): readonly string[] {
  try {
    return request.extensions.flatMap((extension) =>
      extension instanceof x509.SubjectAlternativeNameExtension
        ? extension.names.items.flatMap(({ type, value }) => (type === 'url' ? [value] : []))
        : [],
    )
  } catch {
    // Nothing in them counts, so there is nothing to complain about.
    return []
  }
}

function hashName(hash: unknown): string {
  return typeof hash === 'string' ? hash : String((hash as { readonly name?: unknown }).name)
}
