import type { TrayIcon } from './tray-status.ts'

/** Name in assets/tray; Electron finds the sharper ones (`@2x`) beside it by itself. */
export function iconFile(icon: TrayIcon, platform: NodeJS.Platform): string {
  // macOS recognises a template image, which it draws in the colour of its menu bar, by the end of the name.
  if (platform === 'darwin') return `${icon}Template.png`
  return platform === 'linux' ? `${icon}-panel.png` : `${icon}.png`
}
