import { readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { app } from 'electron'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { autostartEntry, autostartPath, autostartProgram, isAutostartOn } from './autostart-entry.ts'
import { HIDDEN_OPTION } from './desktop-options.ts'
import type { LoginSwitch } from './desktop-services.ts'

/** @returns `undefined` in a checkout, where Electron itself would be what starts. */
export function startAtLogin(): LoginSwitch | undefined {
  if (!app.isPackaged) return undefined
  return process.platform === 'linux' ? xdgAutostart() : loginItem()
}

/** Windows passes them on, and finds its entry by them; macOS tells in another way that it was the starter. */
const HIDDEN = [`--${HIDDEN_OPTION}`]

function loginItem(): LoginSwitch {
  return {
    isOn: async () => app.getLoginItemSettings({ args: HIDDEN }).openAtLogin,
    set: async (isOn) => app.setLoginItemSettings({ openAtLogin: isOn, args: HIDDEN }),
  }
}

function xdgAutostart(): LoginSwitch {
  const path = autostartPath(process.env, homedir())
  return {
    isOn: async () => isAutostartOn(await readFile(path, 'utf8').catch(() => undefined)),
    set: async (isOn) => {
      if (isOn) await writeFileAtomic(path, autostartEntry(autostartProgram(process.env, process.execPath)))
      else await rm(path, { force: true })
    },
  }
}
