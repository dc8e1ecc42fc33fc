import { type Authority, openAuthority } from './authority.ts'
import { withFolderLock } from './folder-lock.ts'
import { finishMoves } from './pair.ts'
import { readRecord, type Signed } from './record.ts'
import { writeRevocationList } from './revocation-list.ts'

/** Runs a command that signs: alone, with what was cut short before ended, and with a fresh list afterwards. */
export async function changeAuthority<T>(
  dir: string,
  now: number,
  work: (authority: Authority, signed: readonly Signed[]) => Promise<T>,
): Promise<T> {
  // Before the lock, which would leave a file in a folder that is none of ours.
  const authority = await openAuthority(dir, now)
  return withFolderLock(dir, async () => {
    await finishMoves(authority.folder)
    const result = await work(authority, await readRecord(authority.folder, now))
    await writeRevocationList(authority, await readRecord(authority.folder, now), now)
    return result
  })
}
