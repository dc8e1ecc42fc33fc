import { join } from 'node:path'
import { app, dialog, shell } from 'electron'
import type { Logger } from '../../node/log.ts'
import { type Failure, toFailure } from '../../shared/errors/app-error.ts'
import { type Headless, startHeadless } from '../headless.ts'
import { type BridgeLog, openBridgeLog } from '../logs/bridge-log.ts'
import { defaultSettingsPath } from '../settings/settings-path.ts'
import { createDesktop } from './desktop.ts'
import { showFace } from './desktop-face.ts'
import { type DesktopOptions, desktopOptions } from './desktop-options.ts'
import { failureBox, settingsBox } from './dialogs.ts'
import { showBox } from './show-box.ts'
import { hasTrayHost, needsTrayNotice, TRAY_NOTICE } from './tray-host.ts'

/** Starts the bridge and shows its tray and windows until somebody quits. To be called once Electron is ready. */
export async function runDesktopApp(): Promise<void> {
  let log: Logger | undefined
  let settingsPath = defaultSettingsPath(process.env)
  try {
    const options = desktopOptions(process.argv.slice(1))
    settingsPath = options.settingsPath ?? settingsPath
    const logs = openAppLog(options)
    log = logs.log
    exitOnBug(log)
    let headless: Headless | undefined
    const desktop = await createDesktop({
      logFile: logFile(),
      settingsPath,
      bridge: () => headless?.bridge,
      drain: () => face.close(),
    })
    headless = await startHeadless({ ...options, env: process.env, logs, desktop })
    const face = showFace(headless, log)
    if (!isHiddenStart(options)) face.windows.show('dashboard')
    const hasTray = await isTrayShown()
    desktop.change({ hasTray })
    if (!hasTray && !isHiddenStart(options)) await showBox(TRAY_NOTICE)
  } catch (error) {
    log?.error({ err: error }, 'The tray app cannot start')
    await tellFailure(toFailure(error), settingsPath)
    app.exit(1)
  }
}

async function tellFailure(failure: Failure, settingsPath: string): Promise<void> {
  if (failure.code !== 'settings.invalid') return void (await showBox(failureBox(failure)))
  const box = settingsBox(failure)
  // The words stay in sight while somebody looks for the line that they name.
  while ((await showBox(box)) !== box.cancelId) {
    const reason = await shell.openPath(settingsPath)
    if (reason !== '') dialog.showErrorBox(settingsPath, reason)
  }
}

function isHiddenStart({ hidden }: DesktopOptions): boolean {
  return hidden || (process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin)
}

async function isTrayShown(): Promise<boolean> {
  if (process.platform !== 'linux') return true
  return !needsTrayNotice(process.env.XDG_CURRENT_DESKTOP, await hasTrayHost())
}

function openAppLog({ verbose }: DesktopOptions): BridgeLog {
  // Of an installed app nobody sees the standard error, and on Windows it has none.
  const copy = app.isPackaged ? {} : { copy: process.stderr }
  const options = { verbose, file: logFile(), ...copy }
  try {
    return openBridgeLog({ ...options, env: process.env })
  } catch (error) {
    // A LOG_LEVEL that was meant for other programs must not keep an app from starting at login.
    const logs = openBridgeLog({ ...options, env: {} })
    logs.log.warn({ code: toFailure(error).code }, toFailure(error).message)
    return logs
  }
}

function logFile(): string {
  return join(app.getPath('logs'), 'bridge.log')
}

/** Electron would show the stack of a bug in a window of its own and go on half broken. */
function exitOnBug(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'A bug ends the tray app')
    const { message, remedy } = toFailure(error)
    dialog.showErrorBox(message, remedy)
    app.exit(1)
  })
}
