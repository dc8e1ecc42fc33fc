import { homedir } from 'node:os'
import { join } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

/** Where programs of this user keep their data (XDG Base Directory Specification; %LOCALAPPDATA% on Windows). */
export function userDataFolder(env: Env, platform: NodeJS.Platform): string {
  return platform === 'win32'
    ? env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local')
    : env.XDG_DATA_HOME || join(homedir(), '.local/share')
}
