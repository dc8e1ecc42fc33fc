import { join } from 'node:path'
import { app, Menu, type MenuItemConstructorOptions, nativeImage, Tray } from 'electron'
import { iconFile } from './icon-file.ts'
import type { TrayFace } from './tray-controller.ts'
import type { MenuItemModel, TrayAction } from './tray-item.ts'
import type { TrayIcon } from './tray-status.ts'

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
    setItems: (items) =>
      tray.setContextMenu(Menu.buildFromTemplate(items.map((item) => menuItem(item, onAction)))),
    close: () => tray.destroy(),
  }
}

function imageOf(icon: TrayIcon, hasBadge: boolean): Electron.NativeImage {
  const file = iconFile(icon, hasBadge, process.platform)
  return nativeImage.createFromPath(join(app.getAppPath(), 'assets/tray', file))
}

function menuItem(item: MenuItemModel, onAction: (action: TrayAction) => void): MenuItemConstructorOptions {
  if (item.kind === 'separator') return { type: 'separator' }
  // A single ampersand would underline the letter after it.
  const label = item.label.replaceAll('&', '&&')
  if (item.kind === 'text') return { label, enabled: false }
  if (item.kind === 'submenu') return { label, submenu: item.items.map((line) => menuItem(line, onAction)) }
  const { action } = item
  const click = (): void => onAction(action)
  if (item.kind === 'action') return { label, click }
  return { label, type: item.kind === 'check' ? 'checkbox' : 'radio', checked: item.checked, click }
}
