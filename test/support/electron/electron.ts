/**
 * Stands where Electron's own module is, so that the built app can run in plain Node with windows that are pages of
 * a real Chromium. It has what the app uses and no more; each part is held against Electron's own types.
 */
export { app } from './app.ts'
export { BrowserWindow } from './browser-window.ts'
export { ipcMain } from './ipc-main.ts'
export { protocol, session } from './session.ts'
export {
  clipboard,
  dialog,
  Menu,
  MenuItem,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  safeStorage,
  screen,
  shell,
  Tray,
} from './small-parts.ts'
