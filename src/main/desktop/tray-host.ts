import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { MessageBox } from './dialogs.ts'
import { words } from './words/words.ts'

const ASK_TIMEOUT_MS = 5_000
const WATCHER = 'org.kde.StatusNotifierWatcher'

/** Asks the session bus of a Linux desktop whether anybody takes tray icons. `undefined`: no answer. */
export async function hasTrayHost(gdbus = 'gdbus'): Promise<boolean | undefined> {
  const bus = ['--dest', 'org.freedesktop.DBus', '--object-path', '/org/freedesktop/DBus']
  const call = ['call', '--session', ...bus, '--method', 'org.freedesktop.DBus.NameHasOwner', WATCHER]
  try {
    const { stdout } = await promisify(execFile)(gdbus, call, { timeout: ASK_TIMEOUT_MS })
    return ownerAnswer(stdout)
  } catch {
    // No gdbus or no bus: nothing is known, so nothing is said.
    return undefined
  }
}

export function ownerAnswer(printed: string): boolean | undefined {
  const [, word] = /^\((true|false),\)\s*$/.exec(printed) ?? []
  return word === undefined ? undefined : word === 'true'
}

/** GNOME alone shows no icon at all without such a host; others have an older way that Electron falls back to. */
export function needsTrayNotice(desktop: string | undefined, hasHost: boolean | undefined): boolean {
  return hasHost === false && (desktop ?? '').split(':').includes('GNOME')
}

export const TRAY_NOTICE: MessageBox = {
  type: 'warning',
  message: words.boxes.noTray,
  detail: words.boxes.noTrayText,
  buttons: [words.boxes.ok],
  defaultId: 0,
  cancelId: 0,
}
