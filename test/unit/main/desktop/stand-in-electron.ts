/**
 * Stands where Electron's own module is, so that the built app can run in plain Node. It draws nothing: it
 * prints, as a line of JSON each, what the app tells the desktop, and clicks the menu item named by a line on
 * standard input.
 */
import { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'

interface Item {
  readonly label?: string
  readonly click?: () => void
}

let items: readonly Item[] = []

function tell(what: string, value: unknown): void {
  console.log(JSON.stringify({ [what]: value }))
}

createInterface({ input: process.stdin }).on('line', (label) => {
  items.find((item) => item.label === label)?.click?.()
})

class App extends EventEmitter {
  readonly isPackaged = false
  requestSingleInstanceLock(): boolean {
    return true
  }
  enableSandbox(): void {
    tell('sandbox', true)
  }
  async whenReady(): Promise<void> {}
  getAppPath(): string {
    return '/app'
  }
  quit(): void {
    this.emit('before-quit', { preventDefault: () => tell('quit', 'held back') })
  }
  exit(code: number): void {
    tell('exit', code)
    process.exit(code)
  }
}

export const app = new App()
export const powerMonitor = new EventEmitter()
export const clipboard = { writeText: (text: string) => tell('copied', text) }
export const shell = { openExternal: async (address: string) => tell('opened', address) }
export const nativeImage = { createFromPath: (path: string) => path }
export const Menu = { buildFromTemplate: (template: readonly Item[]) => template }
export const dialog = {
  showMessageBox: async (box: { readonly message: string; readonly detail: string }) => {
    tell('box', `${box.message} ${box.detail}`)
    return { response: 0 }
  },
  showErrorBox: (...text: readonly string[]) => tell('error', text),
}

export class Tray extends EventEmitter {
  setImage(path: string): void {
    tell('image', path)
  }
  setToolTip(text: string): void {
    tell('tooltip', text)
  }
  setContextMenu(menu: readonly Item[]): void {
    items = menu
    tell(
      'menu',
      menu.map(({ label }) => label ?? '--'),
    )
  }
  destroy(): void {
    tell('destroyed', true)
  }
}
