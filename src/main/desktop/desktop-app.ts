import { join } from 'node:path'
import { app, clipboard, dialog, powerMonitor, shell } from 'electron'
import { REAL_AMBIENT } from '../../node/ambient.ts'
import { createLogger, type Logger } from '../../node/log.ts'
import { toFailure } from '../../shared/errors/app-error.ts'
import { type Headless, startHeadless } from '../headless.ts'
import { createFileLogger } from './app-log.ts'
import { type DesktopOptions, desktopOptions } from './desktop-options.ts'
import { failureBox, isGitHubPage, type MessageBox } from './dialogs.ts'
import { drainThenExit } from './drain-then-exit.ts'
import { startAtLogin } from './start-at-login.ts'
import { createTray } from './tray.ts'
import { TrayController } from './tray-controller.ts'
import { hasTrayHost, needsTrayNotice, TRAY_NOTICE } from './tray-host.ts'
import { trayStatus } from './tray-status.ts'

/** Starts the bridge and shows its tray until somebody quits. To be called once Electron is ready. */
export async function runDesktopApp(): Promise<void> {
  let log: Logger | undefined
  try {
    const options = desktopOptions(process.argv.slice(1))
    log = createAppLog(options)
    exitOnBug(log)
    const headless = await startHeadless({ ...options, env: process.env, log })
    showTray(headless)
    await tellOfMissingTray()
  } catch (error) {
    log?.error({ err: error }, 'The tray app cannot start')
    await show(failureBox(toFailure(error)))
    app.exit(1)
  }
}

function showTray({ bridge, stop }: Headless): void {
  const tray = createTray(
    () => controller.click(),
    (action) => void controller.perform(action),
  )
  const controller = new TrayController({
    api: bridge.api,
    state: bridge.state,
    face: tray,
    show,
    copy: (text) => void clipboard.writeText(text),
    openBrowser,
    loginSwitch: startAtLogin(),
    quit: () => app.quit(),
    ambient: REAL_AMBIENT,
  })
  powerMonitor.on('resume', () => void controller.wokeUp())
  app.on('second-instance', () => void show(alreadyRunningBox(trayStatus(controller.current).headline)))
  const leave = drainThenExit(
    async () => {
      controller.close()
      await stop()
      tray.close()
    },
    (code) => app.exit(code),
  )
  app.on('before-quit', (event) => {
    event.preventDefault()
    leave()
  })
}

async function show(box: MessageBox): Promise<number> {
  const { response } = await dialog.showMessageBox({ ...box, title: 'Sovereign Bridge', noLink: true })
  return response
}

/** The last fence before the system: it opens whatever it is handed. */
function openBrowser(address: string): void {
  if (isGitHubPage(address)) void shell.openExternal(address)
}

function alreadyRunningBox(headline: string): MessageBox {
  return {
    type: 'info',
    message: 'Sovereign Bridge is running already.',
    detail: `${headline}. Its icon is in the notification area of this desktop.`,
    buttons: ['OK'],
    defaultId: 0,
    cancelId: 0,
  }
}

async function tellOfMissingTray(): Promise<void> {
  if (process.platform !== 'linux') return
  if (needsTrayNotice(process.env.XDG_CURRENT_DESKTOP, await hasTrayHost())) await show(TRAY_NOTICE)
}

function createAppLog({ verbose }: DesktopOptions): Logger {
  const level = verbose ? 'debug' : 'warn'
  return app.isPackaged
    ? createFileLogger(join(app.getPath('logs'), 'bridge.log'), level)
    : createLogger('bridge', level)
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
