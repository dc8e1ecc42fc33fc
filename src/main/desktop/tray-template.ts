import type { MenuItemConstructorOptions } from 'electron'
import type { MenuItemModel, TrayAction } from './tray-item.ts'

/** The menu as Electron takes it. */
export function trayTemplate(
  items: readonly MenuItemModel[],
  onAction: (action: TrayAction) => void,
): MenuItemConstructorOptions[] {
  return items.map((item) => menuItem(item, onAction))
}

function menuItem(item: MenuItemModel, onAction: (action: TrayAction) => void): MenuItemConstructorOptions {
  if (item.kind === 'separator') return { type: 'separator' }
  // A single ampersand would underline the letter after it.
  const label = item.label.replaceAll('&', '&&')
  if (item.kind === 'text') return { label, enabled: false }
  if (item.kind === 'submenu') return { label, submenu: trayTemplate(item.items, onAction) }
  const { action } = item
  const click = (): void => onAction(action)
  if (item.kind === 'action') return { label, click }
  return { label, type: item.kind === 'check' ? 'checkbox' : 'radio', checked: item.checked, click }
}
