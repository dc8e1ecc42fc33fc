import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { AppError } from '../../shared/errors/app-error.ts'
import { type CertificateFacts, certificateFacts, isoDate, parseCertificate } from './expiry.ts'
import { type AuthorityFolder, authorityFolder } from './folder.ts'
import type { Signer } from './make-certificate.ts'
import { isThere, readText } from './read-files.ts'

/** An authority as it can be looked at. */
export interface AuthorityView {
  readonly folder: AuthorityFolder
  readonly certificate: X509Certificate
  readonly facts: CertificateFacts
}

/** An authority that can sign. */
export interface Authority extends AuthorityView {
  readonly signer: Signer
}

/**
 * Reads the certificate of an authority without touching its key.
 *
 * @throws AppError `certs.missing`, `certs.invalid`
 */
export async function viewAuthority(dir: string, now: number): Promise<AuthorityView> {
  const folder = authorityFolder(dir)
  if (!(await isThere(folder.ca)) && !(await isThere(folder.key)))
    throw new AppError('certs.missing', `There is no certificate authority in ${dir}.`, {
      remedy: 'Make one with "sovereign certs init", or say with --dir where it is.',
    })
  const certificate = parseCertificate(folder.ca, await readText(folder.ca))
  if (!certificate.ca)
    throw new AppError('certs.invalid', `${folder.ca} is no certificate of an authority.`, {
      remedy: 'Put the right ca.pem back, or make an authority in another folder.',
    })
  return { folder, certificate, facts: certificateFacts(certificate, now) }
}

/**
 * Opens an authority for signing.
 *
 * @throws AppError `certs.missing`, `certs.invalid`, `certs.expired`
 */
export async function openAuthority(dir: string, now: number): Promise<Authority> {
  const view = await viewAuthority(dir, now)
  const { certificate, facts, folder } = view
  if (facts.state === 'not-yet') {
    const [today, start] = [isoDate(now), new Date(facts.notBefore).toISOString()]
    throw new AppError(
      'certs.expired',
      `The authority in ${dir} is valid from ${start}, and the clock says ${today}.`,
      {
        remedy: 'Set the clock of this machine.',
      },
    )
  }
  if (facts.state === 'expired')
    throw new AppError('certs.expired', `The authority in ${dir} ended on ${isoDate(facts.notAfter)}.`, {
      remedy: 'Check the clock; if it is right, make an authority in another folder and issue from it.',
    })
  const privateKey = await readKey(folder.key)
  if (!certificate.checkPrivateKey(privateKey))
    throw new AppError('certs.invalid', `${folder.key} is not the key of ${folder.ca}.`, {
      remedy: 'Put the files back that belong together.',
    })
  return { ...view, signer: { pem: certificate.toString(), privateKey } }
}

async function readKey(path: string): Promise<KeyObject> {
  const pem = await readText(path, { isSecret: true })
  if (/ENCRYPTED/.test(pem.slice(0, 200)))
    throw new AppError('certs.invalid', `${path} is protected by a passphrase.`, {
      remedy: `Take it off with "openssl pkey -in ${path} -out ${path}.plain", and put the new file in its place.`,
    })
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  } catch (cause) {
    throw new AppError('certs.invalid', `${path} holds no private key in PEM form.`, { cause })
  }
  throw new AppError('certs.invalid', `${path} is no ECDSA key on the curve P-256.`, {
    remedy: 'Sign with the tools that made it, or make an authority in another folder.',
  })
}
