import { Menu, type MenuItemConstructorOptions } from 'electron'
import { words } from './words/words.ts'

/**
 * Nearly nothing to see: outside of macOS the bar appears with Alt alone. It is what gives the keys for copying,
 * for larger text and for closing a window.
 */
export function setAppMenu(platform: NodeJS.Platform): void {
  const template: MenuItemConstructorOptions[] = [
    ...(platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    { role: 'editMenu' },
    { label: words.tray.view, submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }] },
    { role: 'windowMenu' },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
