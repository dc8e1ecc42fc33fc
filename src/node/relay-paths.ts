import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { userDataFolder } from './user-folders.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Where a relay keeps its data unless it is told otherwise: SOVEREIGN_DATA_DIR, or the user's data folder. */
export function defaultRelayDataDir(env: Env, platform: NodeJS.Platform = process.platform): string {
  const chosen = env.SOVEREIGN_DATA_DIR
  if (chosen !== undefined && chosen !== '') return resolve(chosen)
  return resolve(userDataFolder(env, platform), 'sovereign/relay')
}

/** The admin socket of the relay with this data folder: a unix socket, or a named pipe on Windows. */
export function adminSocketPath(dataDir: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return join(dataDir, 'admin.sock')
  const id = createHash('sha256').update(resolve(dataDir).toLowerCase()).digest('hex').slice(0, 16)
  return `\\\\.\\pipe\\sovereign-relay-${id}`
}

/** Where a relay keeps its credentials unless it is told otherwise: CONFIG_PATH, or the user's configuration folder. */
export function defaultRelayConfigPath(env: Env): string {
  const chosen = env.CONFIG_PATH
  if (chosen !== undefined && chosen !== '') return resolve(chosen)
  return resolve(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'sovereign-relay/config.json')
}
