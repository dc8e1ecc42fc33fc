import { X509Certificate } from 'node:crypto'

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/**
 * Whether one of those authorities has signed it, also through the others that stand in its file.
 *
 * @param chain PEM, the certificate itself first. @param authorities PEM; what is no certificate in it is left out, as
 * OpenSSL does.
 */
export function isSignedBy(chain: string, authorities: string): boolean {
  const trusted = certificatesIn(authorities)
  const [first, ...between] = certificatesIn(chain)
  let current = first
  while (current !== undefined) {
    const signed = current
    if (trusted.some((authority) => hasSigned(authority, signed))) return true
    // Each counts once, so that two that have signed each other end it.
    const at = between.findIndex((one) => hasSigned(one, signed))
    current = at < 0 ? undefined : between.splice(at, 1)[0]
  }
  return false
}

/** The names alone prove nothing: another authority may have the same one. */
function hasSigned(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(BLOCK) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}
