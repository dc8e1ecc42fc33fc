import { join, resolve } from 'node:path'
import { userDataFolder } from './user-folders.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Where this computer keeps what it knows of a perimeter: SOVEREIGN_PERIMETER_DIR, or the user's data folder. */
export function perimeterDataDir(env: Env, platform: NodeJS.Platform = process.platform): string {
  const chosen = env.SOVEREIGN_PERIMETER_DIR
  if (chosen !== undefined && chosen !== '') return resolve(chosen)
  return resolve(userDataFolder(env, platform), 'sovereign/perimeter')
}

/** The newest result of `sovereign perimeter verify`. */
export function lastVerifyPath(env: Env, platform?: NodeJS.Platform): string {
  return join(perimeterDataDir(env, platform), 'last-verify.json')
}
