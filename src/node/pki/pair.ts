import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../atomic-file.ts'
import { type AuthorityFolder, type PairFiles, pairFiles, saving } from './folder.ts'
import { isThere } from './read-files.ts'

/** A certificate, and its private key or the request of whoever has that; as PEM. */
export type Pair =
  | { readonly cert: string; readonly key: string }
  | { readonly cert: string; readonly request: string }

export function pairOf({ issued }: AuthorityFolder, name: string): PairFiles {
  return pairFiles(join(issued, name))
}

/**
 * Puts a pair in its place. Where there is one already, the new one is first made whole beside it and given its name
 * by one renaming; whatever happens after that, {@link finishMoves} ends what was begun.
 */
export async function putPair(folder: AuthorityFolder, name: string, pair: Pair): Promise<PairFiles> {
  const target = pairOf(folder, name)
  const isNew = !(await isThere(target.dir))
  // Names of certificates have no dot at their beginning.
  const staging = pairFiles(join(folder.issued, `.${name}.${randomBytes(4).toString('hex')}`))
  await saving(target.dir, async () => {
    try {
      if ('key' in pair) await writeFileAtomic(staging.key, pair.key)
      else await writeFileAtomic(staging.request, pair.request)
      await writeFileAtomic(staging.cert, pair.cert)
      if (!isNew) await rm(nextOf(target).dir, { recursive: true, force: true })
      await rename(staging.dir, isNew ? target.dir : nextOf(target).dir)
      if (!isNew) await finishMove(target)
    } catch (error) {
      await rm(staging.dir, { recursive: true, force: true })
      throw error
    }
  })
  return target
}

/** Ends what commands that were cut short had begun. */
export async function finishMoves(folder: AuthorityFolder): Promise<void> {
  await saving(folder.issued, async () => {
    await mkdir(folder.issued, { mode: 0o700, recursive: true })
    for (const entry of await readdir(folder.issued)) {
      if (entry.startsWith('.')) await rm(join(folder.issued, entry), { recursive: true, force: true })
      else await finishMove(pairOf(folder, entry))
    }
  })
}

async function finishMove(target: PairFiles): Promise<void> {
  const next = nextOf(target)
  if (!(await isThere(next.dir))) return
  // The one that goes is removed while the one that comes still says so.
  if (await isThere(next.key)) {
    await rm(target.request, { force: true })
    await rename(next.key, target.key)
  }
  if (await isThere(next.request)) {
    await rm(target.key, { force: true })
    await rename(next.request, target.request)
  }
  if (await isThere(next.cert)) await rename(next.cert, target.cert)
  await rm(next.dir, { recursive: true, force: true })
}

function nextOf(target: PairFiles): PairFiles {
  return pairFiles(join(target.dir, 'next'))
}

/** What is wrong with the files of a name; undefined where they are the certificate that was signed and its key, if that is here. */
export async function pairFault(
  folder: AuthorityFolder,
  name: string,
  cert: string,
): Promise<string | undefined> {
  const files = pairOf(folder, name)
  try {
    if (await isThere(nextOf(files).dir)) return 'its renewal was cut short'
    const found = new X509Certificate(await readFile(files.cert))
    if (found.fingerprint256 !== new X509Certificate(cert).fingerprint256)
      return 'cert.pem is not the one that was signed last'
    if (await isThere(files.request)) return undefined
    return found.checkPrivateKey(createPrivateKey(await readFile(files.key)))
      ? undefined
      : 'key.pem is not the key of cert.pem'
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    const file = path === files.cert ? 'cert.pem' : 'key.pem'
    return code === 'ENOENT' ? `${file} is missing` : 'its files cannot be read'
  }
}
