import { join } from 'node:path'
import { app, Menu, nativeImage, Tray } from 'electron'
import { iconFile } from './icon-file.ts'
import type { TrayFace } from './tray-controller.ts'
import type { TrayAction } from './tray-item.ts'
import type { TrayIcon } from './tray-status.ts'
import { trayTemplate } from './tray-template.ts'

export interface ElectronTray extends TrayFace {
  close(): void
}

/**
 * The tray icon of the desktop. On Linux the menu is exported whole and clicks arrive only where the desktop
 * calls it an activation; on macOS a click opens the menu and is not told.
 */
export function createTray(onClick: () => void, onAction: (action: TrayAction) => void): ElectronTray {
  const tray = new Tray(imageOf('disconnected', false))
  tray.on('click', onClick)
  return {
    setIcon: (icon, hasBadge) => tray.setImage(imageOf(icon, hasBadge)),
    setTooltip: (text) => tray.setToolTip(text),
    setItems: (items) => tray.setContextMenu(Menu.buildFromTemplate(trayTemplate(items, onAction))),
    close: () => tray.destroy(),
  }
}

function imageOf(icon: TrayIcon, hasBadge: boolean): Electron.NativeImage {
  const file = iconFile(icon, hasBadge, process.platform)
  return nativeImage.createFromPath(join(app.getAppPath(), 'assets/tray', file))
}
