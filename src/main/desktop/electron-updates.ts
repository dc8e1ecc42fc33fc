import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { app } from 'electron'
import type { Updater } from './updates.ts'
import { words } from './words/words.ts'

/** In words, why this installation cannot update itself; undefined when it can. */
export function whyNoUpdates(): string | undefined {
  if (!app.isPackaged) return words.updates.checkout
  // Written by electron-builder when it is told where updates are published.
  if (!existsSync(join(process.resourcesPath, 'app-update.yml'))) return words.updates.noPlace
  if (process.platform === 'linux' && !process.env.APPIMAGE) return words.updates.byPackageManager
  return undefined
}

/** electron-updater, which checks the signature or checksum of what it fetches, and does nothing unasked. */
export async function loadElectronUpdater(): Promise<Updater> {
  const { autoUpdater } = await import('electron-updater')
  autoUpdater.autoDownload = false
  autoUpdater.autoInstallOnAppQuit = false
  autoUpdater.logger = null
  return {
    async check() {
      const found = await autoUpdater.checkForUpdates()
      return found?.isUpdateAvailable === true ? found.updateInfo.version : undefined
    },
    async download(onShare) {
      const tell = ({ percent }: { readonly percent: number }): void => onShare(percent / 100)
      autoUpdater.on('download-progress', tell)
      try {
        await autoUpdater.downloadUpdate()
      } finally {
        autoUpdater.off('download-progress', tell)
      }
    },
    restart: () => autoUpdater.quitAndInstall(false, true),
  }
}
