import { app, clipboard, powerMonitor, session, shell } from 'electron'
import { REAL_AMBIENT } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { readDashboardFiles } from '../api/dashboard-files.ts'
import type { Headless } from '../headless.ts'
import { setAppMenu } from './app-menu.ts'
import { servePages } from './app-scheme.ts'
import { type DesktopMemory, openDesktopMemory } from './desktop-memory.ts'
import { desktopNotices } from './desktop-notices.ts'
import type { MessageBox } from './dialogs.ts'
import { drainThenExit } from './drain-then-exit.ts'
import { hardenContents, hardenSession } from './harden.ts'
import { serveWindows } from './ipc.ts'
import { isKnownPage } from './known-pages.ts'
import type { Notice } from './notices.ts'
import { Notifier } from './notifier.ts'
import { showBox } from './show-box.ts'
import { createTray } from './tray.ts'
import { TrayController } from './tray-controller.ts'
import { Windows } from './windows.ts'
import { words } from './words/words.ts'

export interface Face {
  readonly windows: Windows
  /** Puts everything away in order, the bridge included; the program may end then. */
  close(): Promise<void>
}

const ROUTES = { dashboard: '#/', prompts: '#/prompts' } as const satisfies Record<Notice['view'], string>

/** Tray, windows and notifications of a bridge. */
export function showFace({ bridge, stop }: Headless, log: Logger): Face {
  const memory = openDesktopMemory(app.getPath('userData'), (text) => log.warn(text))
  const windows = openWindows(memory, log, () => controller.lookedAt())
  serveWindows({
    api: bridge.api,
    isOurs: (contents) => windows.isOurs(contents),
    onBug: (err, call) => log.error({ err, call }, 'a call of a window failed'),
  })
  const tray = createTray(
    () => controller.click(),
    (action) => void controller.perform(action),
  )
  const controller = new TrayController({
    api: bridge.api,
    state: bridge.state,
    live: bridge,
    face: tray,
    show: showBox,
    openWindow: (kind, route) => windows.show(kind, route),
    copy: (text) => clipboard.writeText(text),
    quit: () => app.quit(),
    memory,
    isInFront: () => windows.isInFront,
    ambient: REAL_AMBIENT,
  })
  const notices = desktopNotices((view) => windows.show('dashboard', ROUTES[view]))
  const notifier = new Notifier({
    state: bridge.state,
    onState: (listener) => bridge.onState(listener),
    isWanted: () => bridge.settings.notifications,
    isInFront: () => windows.isInFront,
    show: (notice) => notices.show(notice),
    ambient: REAL_AMBIENT,
  })
  powerMonitor.on('resume', () => void controller.wokeUp())
  app.on('second-instance', () => windows.show('dashboard'))
  app.on('activate', () => windows.show('dashboard'))
  const close = async (): Promise<void> => {
    controller.close()
    notifier.close()
    notices.close()
    windows.close()
    await stop()
    tray.close()
  }
  return { windows, close: closeBeforeQuit(close) }
}

/** @returns what closes ahead of somebody else's quit, which then goes through. */
function closeBeforeQuit(close: () => Promise<void>): () => Promise<void> {
  let isClosed = false
  const leave = drainThenExit(close, (code) => app.exit(code))
  app.on('before-quit', (event) => {
    if (isClosed) return
    event.preventDefault()
    leave()
  })
  return async () => {
    await close()
    isClosed = true
  }
}

function openWindows(memory: DesktopMemory, log: Logger, onFront: () => void): Windows {
  const openPage = (address: string): void => {
    if (!isKnownPage(address)) return
    shell.openExternal(address).catch((err: unknown) => log.warn({ err, address }, 'No browser opens a page'))
  }
  setAppMenu(process.platform)
  servePages(session.defaultSession, readDashboardFiles())
  hardenSession(session.defaultSession)
  app.on('web-contents-created', (_event, contents) => hardenContents(contents, openPage))
  const onGivenUp = (): void => void showBox(GIVEN_UP)
  return new Windows({ memory, ambient: REAL_AMBIENT, log, onGivenUp, onFront })
}

const GIVEN_UP: MessageBox = {
  type: 'error',
  message: words.boxes.givenUp,
  detail: words.boxes.givenUpText,
  buttons: [words.boxes.ok],
  defaultId: 0,
  cancelId: 0,
}
