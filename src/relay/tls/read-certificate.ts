import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { parsedPem, readPemFile } from '../../node/pem-file.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { TlsFiles } from '../config/tls-settings.ts'

export interface ReadCertificate {
  readonly certificate: X509Certificate
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number
  readonly context: SecureContextOptions
}

const CODE = 'relay.tls-unusable'

/** @throws AppError `relay.tls-unusable` with the file and what is wrong with it. */
export async function readCertificate(files: TlsFiles): Promise<ReadCertificate> {
  const cert = await readPemFile(files.cert, CODE)
  const key = await readPemFile(files.key, CODE, { isSecret: true })
  const ca = files.clientCa === undefined ? undefined : await readPemFile(files.clientCa, CODE)
  const certificate = parsedPem(files.cert, 'certificate', CODE, () => new X509Certificate(cert))
  const privateKey = parsedPem(files.key, 'private key without a passphrase', CODE, () =>
    createPrivateKey(key),
  )
  if (ca !== undefined && files.clientCa !== undefined)
    parsedPem(files.clientCa, 'certificate', CODE, () => new X509Certificate(ca))
  if (!certificate.checkPrivateKey(privateKey))
    throw new AppError(CODE, `${files.key} is not the key of the certificate ${files.cert}.`)
  const context: SecureContextOptions = {
    ...{ cert, key, minVersion: 'TLSv1.2' },
    ...(ca === undefined ? {} : { ca }),
  }
  parsedPem(files.cert, 'chain of certificates', CODE, () => createSecureContext(context))
  return { certificate, context, expiresAt: Date.parse(certificate.validTo) }
}
