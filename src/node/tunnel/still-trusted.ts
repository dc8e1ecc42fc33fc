import type { X509Certificate } from 'node:crypto'
import { isSignedBy } from '../pki/issuer.ts'
import { revokedAt, type TlsTrust } from './tls-material.ts'

/**
 * Whether a peer that showed this certificate, when the connection began, would be believed today: its authority still
 * is, and none of the authorities on the way has revoked what it signed.
 */
export function isStillTrusted(peer: X509Certificate, { ca, lists }: TlsTrust): boolean {
  const chain = chainOf(peer)
  return !chain.some((one) => revokedAt(one, lists) !== undefined) && isSignedBy(chain.join(''), ca)
}

/** As far as the peer has sent it. */
function chainOf(peer: X509Certificate): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let one: X509Certificate | undefined = peer; one !== undefined; one = one.issuerCertificate) {
    // An authority that has signed itself is its own issuer.
    if (chain.at(-1)?.fingerprint256 === one.fingerprint256) break
    chain.push(one)
  }
  return chain
}
