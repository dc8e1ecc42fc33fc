import { app } from 'electron'
import { claimAppScheme } from './desktop/app-scheme.ts'
import { runDesktopApp } from './desktop/desktop-app.ts'

// No await at the top level: Electron becomes ready only after this module has been evaluated.
if (app.requestSingleInstanceLock()) {
  app.enableSandbox()
  claimAppScheme()
  // The bridge lives as long as its tray icon, with and without windows.
  app.on('window-all-closed', () => undefined)
  void app.whenReady().then(() => {
    if (process.platform === 'darwin') app.setActivationPolicy('accessory')
    return runDesktopApp()
  })
} else {
  app.quit()
}
