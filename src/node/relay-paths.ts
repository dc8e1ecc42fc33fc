import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

/** Where a relay keeps its data unless it is told otherwise: RELAY_DATA_DIR, or the place the system has for it. */
export function defaultRelayDataDir(env: Env, platform: NodeJS.Platform = process.platform): string {
  const chosen = env.RELAY_DATA_DIR
  if (chosen !== undefined && chosen !== '') return resolve(chosen)
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'sovereign-relay')
  }
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'sovereign-relay')
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'sovereign-relay')
}

/** The admin socket of the relay with this data folder: a unix socket, or a named pipe on Windows. */
export function adminSocketPath(dataDir: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return join(dataDir, 'admin.sock')
  const id = createHash('sha256').update(resolve(dataDir).toLowerCase()).digest('hex').slice(0, 16)
  return `\\\\.\\pipe\\sovereign-relay-${id}`
}
