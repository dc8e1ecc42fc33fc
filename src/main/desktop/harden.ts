import type { Session, WebContents, WebPreferences } from 'electron'
import { APP_ORIGIN } from './app-origin.ts'

/** https://www.electronjs.org/docs/latest/tutorial/security */
export const SAFE_PREFERENCES = {
  contextIsolation: true,
  sandbox: true,
  nodeIntegration: false,
  nodeIntegrationInSubFrames: false,
  nodeIntegrationInWorker: false,
  webviewTag: false,
  // Dictionaries would be downloaded.
  spellcheck: false,
} as const satisfies WebPreferences

/** What a window saves through the system's own dialog: the report and the settings. */
const SAVED_FILES = /^[\w.-]{1,100}\.(?:zip|json)$/

/** Keeps a page where it is: it goes nowhere, opens nothing, and links out only to pages that we know. */
export function hardenContents(contents: WebContents, openPage: (address: string) => void): void {
  const deny = (event: { preventDefault(): void }): void => event.preventDefault()
  contents.on('will-frame-navigate', deny)
  contents.on('will-navigate', deny)
  contents.on('will-redirect', deny)
  contents.on('will-attach-webview', deny)
  contents.setWindowOpenHandler(({ url }) => {
    openPage(url)
    return { action: 'deny' }
  })
}

/** Nothing is asked of the network, no device is handed out, and nothing lands on the disk unasked. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, callback) => callback(isHarmless(permission)))
  session.setPermissionCheckHandler((_contents, permission) => isHarmless(permission))
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest(({ url }, callback) => callback({ cancel: !isOwnAddress(url) }))
  session.on('will-download', (event, item) => {
    const isOurs = item.getURL().startsWith(`blob:${APP_ORIGIN}/`) && SAVED_FILES.test(item.getFilename())
    if (!isOurs) event.preventDefault()
  })
}

/** Copying is what the windows' buttons do; reading the clipboard is not. */
function isHarmless(permission: string): boolean {
  return permission === 'clipboard-sanitized-write'
}

function isOwnAddress(url: string): boolean {
  return /^(?:data|blob|devtools|chrome-extension):/.test(url) || url.startsWith(`${APP_ORIGIN}/`)
}
