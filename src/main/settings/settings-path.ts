import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

/** Where the settings are unless `--config` says otherwise; follows the habits of each platform. */
export function defaultSettingsPath(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  if (platform === 'win32') {
    const home = env.USERPROFILE || homedir()
    return win32.join(
      env.APPDATA || win32.join(home, 'AppData', 'Roaming'),
      'Sovereign Bridge',
      'settings.json',
    )
  }
  const home = env.HOME || homedir()
  if (platform === 'darwin')
    return posix.join(home, 'Library', 'Application Support', 'Sovereign Bridge', 'settings.json')
  // A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  const xdg = env.XDG_CONFIG_HOME ?? ''
  return posix.join(
    posix.isAbsolute(xdg) ? xdg : posix.join(home, '.config'),
    'sovereign-bridge',
    'settings.json',
  )
}
