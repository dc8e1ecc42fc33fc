import { createPrivateKey, X509Certificate } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { AppError } from '../../shared/errors/app-error.ts'
import type { TlsFiles } from '../config/tls-settings.ts'

export interface ReadCertificate {
  readonly certificate: X509Certificate
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number
  readonly context: SecureContextOptions
}

/** @throws AppError `relay.tls-unusable` with the file and what is wrong with it. */
export async function readCertificate(files: TlsFiles): Promise<ReadCertificate> {
  const cert = await readPem(files.cert)
  const key = await readPem(files.key, { isSecret: true })
  const ca = files.clientCa === undefined ? undefined : await readPem(files.clientCa)
  const certificate = parsed(files.cert, 'certificate', () => new X509Certificate(cert))
  const privateKey = parsed(files.key, 'private key without a passphrase', () => createPrivateKey(key))
  if (ca !== undefined && files.clientCa !== undefined)
    parsed(files.clientCa, 'certificate', () => new X509Certificate(ca))
  if (!certificate.checkPrivateKey(privateKey))
    throw new AppError('relay.tls-unusable', `${files.key} is not the key of the certificate ${files.cert}.`)
  const context: SecureContextOptions = {
    ...{ cert, key, minVersion: 'TLSv1.2' },
    ...(ca === undefined ? {} : { ca }),
  }
  parsed(files.cert, 'chain of certificates', () => createSecureContext(context))
  return { certificate, context, expiresAt: Date.parse(certificate.validTo) }
}

async function readPem(path: string, { isSecret = false } = {}): Promise<Buffer> {
  try {
    const file = await open(path)
    try {
      // Of the open file, so that it cannot be another one a moment later.
      if (isSecret) refuseReaders(path, (await file.stat()).mode)
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    const what = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new AppError('relay.tls-unusable', `${path} ${what}.`, { cause })
  }
}

function refuseReaders(path: string, mode: number): void {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const rights = (mode & 0o777).toString(8).padStart(4, '0')
  throw new AppError(
    'relay.tls-unusable',
    `Permissions ${rights} for ${path} are too open: a private key must not be accessible by others.`,
    { remedy: `Run "chmod 600 ${path}".` },
  )
}

function parsed<T>(path: string, what: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw new AppError('relay.tls-unusable', `${path} holds no usable ${what} in PEM form.`, { cause })
  }
}
