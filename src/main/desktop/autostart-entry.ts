import { posix } from 'node:path'
import { HIDDEN_OPTION } from './desktop-options.ts'
import { words } from './words/words.ts'

/**
 * The file that starts a program at login on Linux desktops.
 * https://specifications.freedesktop.org/autostart-spec/latest/
 */
export function autostartPath(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const configured = env.XDG_CONFIG_HOME ?? ''
  const folder = posix.isAbsolute(configured) ? configured : posix.join(home, '.config')
  return posix.join(folder, 'autostart', 'sovereign-bridge.desktop')
}

/** What the entry runs: an AppImage by its own path, since what it unpacks to is gone after this run. */
export function autostartProgram(
  env: Readonly<Record<string, string | undefined>>,
  execPath: string,
): string {
  return env.APPIMAGE || execPath
}

export function autostartEntry(program: string): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    `Name=${words.product}`,
    `Exec=${quoteExec(program)} --${HIDDEN_OPTION}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')
}

/** Whether the entry is switched on: desktops switch one off by a key, without deleting the file. */
export function isAutostartOn(entry: string | undefined): boolean {
  if (entry === undefined) return false
  return !/^(?:Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$/m.test(entry)
}

/**
 * Quoted as an argument, then escaped as a string value, and no field code.
 * https://specifications.freedesktop.org/desktop-entry-spec/latest/exec-variables.html
 */
function quoteExec(program: string): string {
  const argument = `"${program.replace(/["`$\\]/g, '\\$&')}"`
  return argument.replaceAll('\\', '\\\\').replaceAll('%', '%%')
}
