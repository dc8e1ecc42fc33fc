import { randomBytes } from 'node:crypto'
import { chmod, readdir, rm } from 'node:fs/promises'
import { AppError } from '../../shared/errors/app-error.ts'
import { DAY_MS } from '../../shared/util/days.ts'
import { writeFileAtomic } from '../atomic-file.ts'
import { makeFolder } from '../make-folder.ts'
import type { AuthorityView } from './authority.ts'
import { certificateFacts, parseCertificate } from './expiry.ts'
import { type AuthorityFolder, authorityFolder, saving } from './folder.ts'
import { withFolderLock } from './folder-lock.ts'
import { CLOCK_LEEWAY_MS, keyPem, makeAuthorityCertificate, makeKeyPair } from './make-certificate.ts'
import { isThere } from './read-files.ts'
import { writeRevocationList } from './revocation-list.ts'

const LIFE_DAYS = 3650

/** Makes an authority in a new or an empty folder. */
export async function makeAuthority(dir: string, now: number): Promise<AuthorityView> {
  const folder = authorityFolder(dir)
  await saving(dir, () => makeFolder(dir))
  return withFolderLock(dir, async () => {
    await refuseTaken(folder)
    // A folder that was there before may let others in.
    await saving(dir, () => chmod(dir, 0o700))
    const keys = await makeKeyPair()
    // The number keeps two authorities apart for programs that trust both.
    const name = `Sovereign Bridge CA ${randomBytes(3).toString('hex')}`
    const notBefore = now - CLOCK_LEEWAY_MS
    const pem = await makeAuthorityCertificate(keys, name, {
      notBefore,
      notAfter: notBefore + LIFE_DAYS * DAY_MS,
    })
    try {
      await saving(folder.key, () => writeFileAtomic(folder.key, keyPem(keys)))
      const certificate = parseCertificate(folder.ca, pem)
      const facts = certificateFacts(certificate, now)
      await writeRevocationList({ folder, certificate, facts, signer: { pem, ...keys } }, [], now)
      // Last: a folder with this file is a whole authority.
      await saving(folder.ca, () => writeFileAtomic(folder.ca, pem))
      return { folder, certificate, facts }
    } catch (error) {
      await Promise.all([folder.key, folder.crl].map((file) => rm(file, { force: true })))
      throw error
    }
  })
}

async function refuseTaken({ ca, dir, key }: AuthorityFolder): Promise<void> {
  if (await isThere(ca)) throw new AppError('certs.exists', `${dir} has an authority already.`)
  if (await isThere(key))
    throw new AppError('certs.exists', `${dir} has the key of an authority (ca.key) and no certificate.`, {
      remedy:
        'Put its ca.pem back; or, if it never had one because "certs init" was cut short, delete ca.key.',
    })
  const others = (await saving(dir, () => readdir(dir))).filter((name) => name !== '.lock')
  if (others.length > 0)
    throw new AppError('certs.exists', `${dir} is not empty: it has ${others.slice(0, 3).join(', ')}.`, {
      remedy: 'Name a new or an empty folder with --dir.',
    })
}
