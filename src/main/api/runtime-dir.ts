import { chmod, lstat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeFolder } from '../../node/make-folder.ts'
import { AppError } from '../../shared/errors/app-error.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Where a running bridge says how to reach it: SOVEREIGN_RUNTIME_DIR, or a folder that is this user's alone. */
export function bridgeRuntimeDir(env: Env, platform: NodeJS.Platform = process.platform): string {
  if (env.SOVEREIGN_RUNTIME_DIR) return resolve(env.SOVEREIGN_RUNTIME_DIR)
  switch (platform) {
    case 'win32':
      return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'sovereign-bridge', 'run')
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'sovereign-bridge', 'run')
    default:
      if (env.XDG_RUNTIME_DIR) return resolve(env.XDG_RUNTIME_DIR, 'sovereign-bridge')
      return resolve(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'sovereign-bridge', 'run')
  }
}

/**
 * Makes the folder where it is missing and shuts everybody else out (mode 0700; on Windows the user's own
 * profile does that).
 *
 * @throws AppError `bridge.info-unusable` when it is not a folder of this user.
 */
export async function preparePrivateDir(dir: string): Promise<void> {
  try {
    await makeFolder(dir)
    const found = await lstat(dir)
    if (!found.isDirectory()) throw new AppError('bridge.info-unusable', `${dir} is not a folder.`)
    if (process.getuid === undefined) return
    if (found.uid !== process.getuid()) {
      throw new AppError('bridge.info-unusable', `${dir} belongs to another user.`)
    }
    if ((found.mode & 0o077) !== 0) await chmod(dir, 0o700)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('bridge.info-unusable', `${dir} cannot be made: ${(cause as Error).message}.`, {
      cause,
    })
  }
}
