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
    // Windows shows notifications of programs that it knows; the installer makes it known by this name.
    if (process.platform === 'win32') app.setAppUserModelId('app.sovereign-bridge.desktop')
    return runDesktopApp()
  })
} else {
  app.quit()
}
