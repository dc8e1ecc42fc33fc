import type { X509Certificate } from 'node:crypto'
import { isSignedBy } from '../pki/issuer.ts'
import { plainSerial, type TlsTrust } from './tls-material.ts'

/**
 * Whether a peer that showed this certificate, when the connection began, would be believed today: its authority still
 * is, and has not revoked it.
 */
export function isStillTrusted(peer: X509Certificate, { ca, list }: TlsTrust): boolean {
  const serial = plainSerial(peer.serialNumber)
  const isRevoked = list?.revoked.some((one) => plainSerial(one.serial) === serial) === true
  return !isRevoked && isSignedBy(chainOf(peer), ca)
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
