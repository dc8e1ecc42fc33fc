import type { X509Certificate } from 'node:crypto'
import { isSignedBy } from '../pki/issuer.ts'
import { plainSerial, type TlsMaterial } from './tls-material.ts'

/**
 * Whether a peer that showed this certificate, when the connection began, would be believed today: its authority still
 * is, and has not revoked it.
 */
export function isStillTrusted(
  peer: X509Certificate,
  { authorities, revoked }: Pick<TlsMaterial, 'authorities' | 'revoked'>,
): boolean {
  return !revoked.has(plainSerial(peer.serialNumber)) && isSignedBy(chainOf(peer), authorities)
}

/** As far as the peer has sent it. */
function chainOf(peer: X509Certificate): string {
  const chain: string[] = []
  for (let one: X509Certificate | undefined = peer; one !== undefined; one = one.issuerCertificate) {
    const text = one.toString()
    // An authority that has signed itself is its own issuer.
    if (chain.at(-1) === text) break
    chain.push(text)
  }
  return chain.join('')
}
