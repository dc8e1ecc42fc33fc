import { Menu, type MenuItemConstructorOptions } from 'electron'

/**
 * Nearly nothing to see: outside of macOS the bar appears with Alt alone. It is what gives the keys for copying,
 * for larger text and for closing a window.
 */
export function setAppMenu(platform: NodeJS.Platform): void {
  const template: MenuItemConstructorOptions[] = [
    ...(platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    { role: 'editMenu' },
    { label: 'View', submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }] },
    { role: 'windowMenu' },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
