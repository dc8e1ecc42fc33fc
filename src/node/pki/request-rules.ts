import { X509Certificate } from 'node:crypto'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Authority } from './authority.ts'
import type { CertificateRequest } from './make-request.ts'
import { aKind, type CertificateKind, readIdentity } from './names.ts'
import { pairOf } from './pair.ts'
import { isThere } from './read-files.ts'
import type { Signed } from './record.ts'

/** A key is of one machine, and what was revoked stays outside, also under another name. */
export function refuseKnownKey(
  { publicKey }: CertificateRequest,
  name: string,
  { certificate }: Authority,
  signed: readonly Signed[],
): void {
  const remedy = `Make another key and request on its machine: "sovereign certs request ${name}".`
  if (certificate.publicKey.equals(publicKey))
    throw new AppError('certs.request-invalid', 'The key of the request is that of the authority.', {
      remedy,
    })
  for (const earlier of signed) {
    if (earlier.name === name && earlier.revokedAt === undefined) continue
    if (!new X509Certificate(earlier.pem).publicKey.equals(publicKey)) continue
    const whose = `${earlier.revokedAt === undefined ? '' : 'a revoked certificate of '}${earlier.name}`
    throw new AppError('certs.exists', `The key of the request is that of ${whose}.`, { remedy })
  }
}

/** What a request says it is for is not believed, but has to fit what it is used for. */
export function refuseOtherKind({ uris }: CertificateRequest, kind: CertificateKind): void {
  const asked = readIdentity(uris.map((value) => ({ type: 'uri', value })))
  if (asked === undefined || asked.kind === kind) return
  throw new AppError(
    'certs.request-invalid',
    `The request is for ${aKind(asked.kind)}, and the certificate would be for ${aKind(kind)}.`,
    { remedy: `Say --${asked.kind} if that is meant, or make another request.` },
  )
}

/** A renewal makes a new key, which would be none of the machine that made the last one. */
export async function refuseKeyElsewhere({ folder }: Authority, name: string): Promise<void> {
  if (!(await isThere(pairOf(folder, name).request))) return
  throw new AppError('certs.request-invalid', `The key of ${name} is not here but on its own machine.`, {
    remedy: `Make a new request there with "sovereign certs request ${name}", and sign it with "sovereign certs renew ${name} --request FILE".`,
  })
}
