import { dirname } from 'node:path'
import { makeFolder } from '../../node/make-folder.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { DesktopFacts } from '../../shared/state/desktop.ts'
import type { DesktopServices } from '../bridge/bridge-services.ts'
import { isKnownPage } from './known-pages.ts'
import type { Updates } from './updates.ts'
import { words } from './words/words.ts'

/** The switch for starting at login, where the system has one. */
export interface LoginSwitch {
  isOn(): Promise<boolean>
  set(isOn: boolean): Promise<void>
}

export interface DesktopServicesOptions {
  readonly loginSwitch: LoginSwitch | undefined
  readonly updates: Pick<Updates, 'check' | 'install'>
  readonly settingsPath: string
  readonly logFile: string
  readonly openExternal: (address: string) => Promise<void>
  /** Opens a file or a folder with whatever this user opens such files with. @returns why it cannot, or an empty text. */
  readonly openPath: (path: string) => Promise<string>
  readonly quit: () => void
  readonly onChange: (change: Pick<DesktopFacts, 'startsAtLogin'>) => void
}

/** What the bridge can ask of the desktop around it. */
export function desktopServices(options: DesktopServicesOptions): DesktopServices {
  const { loginSwitch, updates, settingsPath, logFile, openExternal, openPath, quit, onChange } = options
  async function open(path: string): Promise<void> {
    const reason = await openPath(path)
    if (reason !== '') throw new AppError('desktop.cannot-open', words.boxes.cannotOpen(path, reason))
  }
  return {
    async setStartAtLogin({ enabled }) {
      if (loginSwitch === undefined) throw new AppError('desktop.no-login-switch', words.boxes.noLoginSwitch)
      try {
        await loginSwitch.set(enabled)
      } finally {
        // The system has the last word on what it will do.
        onChange({ startsAtLogin: await loginSwitch.isOn() })
      }
    },
    async openPage({ url }) {
      if (!isKnownPage(url)) throw new AppError('desktop.page-unknown', words.boxes.pageUnknown(url))
      await openExternal(url)
    },
    openSettingsFile: () => open(settingsPath),
    async openLogFolder() {
      const folder = dirname(logFile)
      // It is made with the first line, which may be months away.
      await makeFolder(folder).catch((error: unknown) => {
        const reason = (error as NodeJS.ErrnoException).code ?? String(error)
        throw new AppError('desktop.cannot-open', words.boxes.cannotOpen(folder, reason))
      })
      await open(folder)
    },
    checkForUpdate: () => updates.check(),
    installUpdate: () => updates.install(),
    quit: async () => quit(),
  }
}
