import type { TrayIcon } from './tray-status.ts'

/** Name in assets/tray; Electron finds the sharper ones (`@2x`) beside it by itself. */
export function iconFile(icon: TrayIcon, hasBadge: boolean, platform: NodeJS.Platform): string {
  const name = hasBadge ? `${icon}-badge` : icon
  // macOS recognises a template image, which it draws in the colour of its menu bar, by the end of the name.
  if (platform === 'darwin') return `${name}Template.png`
  return platform === 'linux' ? `${name}-panel.png` : `${name}.png`
}
