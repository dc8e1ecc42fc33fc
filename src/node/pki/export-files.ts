import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../shared/errors/app-error.ts'
import { writeFileAtomic } from '../atomic-file.ts'
import { makeFolder } from '../make-folder.ts'
import { changeAuthority } from './change-authority.ts'
import { isoDate } from './expiry.ts'
import { saving } from './folder.ts'
import { type CertificateKind, readIdentity, subjectNames } from './names.ts'
import { pairFault, pairOf } from './pair.ts'
import { isThere } from './read-files.ts'
import { currentOfName } from './record.ts'

export interface Exported {
  readonly kind: CertificateKind
  readonly ca: string
  readonly cert: string
  /** Undefined where it never was here: the certificate was issued on a request. */
  readonly key: string | undefined
  /** What both ends need to refuse each other by. */
  readonly crl: string
}

/** Copies what a name needs into a folder, to be handed over: for its owner alone. */
export async function exportFiles(
  dir: string,
  { name, to }: { readonly name: string; readonly to: string },
  now: number,
): Promise<Exported> {
  const { folder, kind } = await changeAuthority(dir, now, async (authority, signed) => {
    const current = currentOfName(signed, name)
    if (current.revokedAt !== undefined)
      throw new AppError('certs.invalid', `${name} was revoked on ${isoDate(current.revokedAt)}.`, {
        remedy: `If it is to be let in again, issue anew: "sovereign certs issue ${name} --${current.kind}".`,
      })
    const fault = await pairFault(authority.folder, name, current.pem)
    if (fault !== undefined)
      throw new AppError('certs.invalid', `The files of ${name} cannot be handed over: ${fault}.`, {
        remedy: `Make them anew with "sovereign certs renew ${name}".`,
      })
    return { folder: authority.folder, kind: current.kind }
  })
  await refuseOthers(join(to, 'cert.pem'), name)
  const pair = pairOf(folder, name)
  const isKeyElsewhere = await isThere(pair.request)
  const sources = [
    ['ca.pem', folder.ca],
    ...(isKeyElsewhere ? [] : [['key.pem', pair.key] as const]),
    ['cert.pem', pair.cert],
    ['crl.pem', folder.crl],
  ] as const
  await saving(to, async () => {
    await makeFolder(to)
    for (const [file, source] of sources) await writeFileAtomic(join(to, file), await readFile(source))
  })
  return {
    ...{ kind, ca: join(to, 'ca.pem'), cert: join(to, 'cert.pem') },
    key: isKeyElsewhere ? undefined : join(to, 'key.pem'),
    crl: join(to, 'crl.pem'),
  }
}

/** The key that is there would be lost, and its owner would find somebody else's. */
async function refuseOthers(cert: string, name: string): Promise<void> {
  const pem = await readFile(cert).catch(() => undefined)
  if (pem === undefined) return
  let owner: string | undefined
  try {
    owner = readIdentity(subjectNames(new X509Certificate(pem).subjectAltName))?.name
  } catch {
    // No certificate: it is somebody's anyway.
  }
  if (owner === name) return
  throw new AppError('certs.exists', `${cert} belongs to ${owner ?? 'something else'}.`, {
    remedy: 'Name another folder with --to.',
  })
}
