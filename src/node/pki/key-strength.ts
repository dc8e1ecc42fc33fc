import { AppError } from '../../shared/errors/app-error.ts'
import type { CertificateRequest } from './make-request.ts'

const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1']
/** NIST SP 800-57 part 1, table 2: less than 112 bits of strength below; above, handshakes only become slower. */
const RSA_BITS = { least: 2048, most: 8192 } as const
/** FIPS 186-5 §A.1.1. */
const LEAST_EXPONENT = 65_537n
const HASHES: readonly string[] = ['SHA-256', 'SHA-384', 'SHA-512']

/** @throws AppError `certs.request-invalid` for keys and signatures that can be forged, or that TLS has no use for */
export function refuseWeakKey(path: string, { hash, publicKey }: CertificateRequest): void {
  const { asymmetricKeyDetails: details = {}, asymmetricKeyType: type } = publicKey
  const fault = type === 'rsa' ? rsaFault(details) : otherFault(type, details.namedCurve)
  if (fault !== undefined) throw refused(`The key of ${path} ${fault}.`)
  if (hash !== undefined && !HASHES.includes(hash)) throw refused(`${path} is signed with ${hash}.`)
}

function rsaFault({
  modulusLength = 0,
  publicExponent = 0n,
}: {
  readonly modulusLength?: number
  readonly publicExponent?: bigint
}): string | undefined {
  if (modulusLength < RSA_BITS.least) return `is RSA with ${modulusLength} bits, which is too weak`
  if (modulusLength > RSA_BITS.most) return `is RSA with ${modulusLength} bits, which is too large`
  if (publicExponent < LEAST_EXPONENT) return `is RSA with the exponent ${publicExponent}, which is too small`
  return undefined
}

function otherFault(type: string | undefined, curve: string | undefined): string | undefined {
  if (type === 'ed25519') return undefined
  if (type !== 'ec') return `is of a kind that is not taken here (${type ?? 'unknown'})`
  if (curve !== undefined && CURVES.includes(curve)) return undefined
  return `is on a curve that is not taken here (${curve ?? 'one without a name'})`
}

function refused(message: string): AppError {
  return new AppError('certs.request-invalid', message, {
    remedy:
      'Use ECDSA on P-256, P-384 or P-521, Ed25519 or RSA from 2048 bits on, with SHA-256 or better; "sovereign certs request" does.',
  })
}
