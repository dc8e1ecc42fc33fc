import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../shared/errors/app-error.ts'
import { saving } from './folder.ts'

const WAIT_MS = 10_000
const RETRY_MS = 50
/** A lock without a process in it for so long is of one that was killed in between. */
const NAMELESS_MS = 1000

/**
 * Lets one command at a time change the folder, so that no revocation is lost to another that writes the list at the
 * same moment. A lock whose process is gone is taken over.
 *
 * @throws AppError `certs.unwritable` where another command keeps it for too long, or where there is no writing
 */
export async function withFolderLock<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const lock = join(dir, '.lock')
  await saving(dir, () => take(lock))
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function take(lock: string): Promise<void> {
  let namelessMs = 0
  for (let waitedMs = 0; !(await tryToTake(lock)); waitedMs += RETRY_MS) {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
    namelessMs = holder > 0 ? 0 : namelessMs + RETRY_MS
    if (holder > 0 ? !isRunning(holder) : namelessMs > NAMELESS_MS) await rm(lock, { force: true })
    else if (waitedMs >= WAIT_MS)
      throw new AppError(
        'certs.unwritable',
        `Another command (process ${holder}) is changing the certificates.`,
        { remedy: `Wait for it to end. If there is none, delete ${lock}.` },
      )
    else await sleep(RETRY_MS)
  }
}

async function tryToTake(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600)
    try {
      await file.writeFile(String(process.pid))
      return true
    } catch (error) {
      // On a full disk: without a process in it, nobody would know that it may be taken over.
      await rm(lock, { force: true })
      throw error
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
