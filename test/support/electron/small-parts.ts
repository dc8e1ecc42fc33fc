import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import type Electron from 'electron'

/** Parts of the desktop without much behaviour. What they are told is watched by record-desktop.ts. */

class StandInImage {
  private readonly path: string

  constructor(path: string) {
    this.path = path
  }

  isEmpty(): boolean {
    return !existsSync(this.path)
  }

  isMacTemplateImage = false
}

export const nativeImage = {
  createFromPath: (path: string) => new StandInImage(path) as unknown as Electron.NativeImage,
} satisfies Pick<typeof Electron.nativeImage, 'createFromPath'>

export class MenuItem {
  readonly label: string
  readonly type: Electron.MenuItem['type']
  readonly role: Electron.MenuItemConstructorOptions['role']
  readonly submenu: Menu | undefined
  enabled: boolean
  checked: boolean
  visible: boolean
  click: () => void

  constructor(options: Electron.MenuItemConstructorOptions) {
    const { label = '', role, type, submenu } = options
    this.label = label
    this.role = role
    this.type = type ?? (submenu === undefined ? 'normal' : 'submenu')
    this.submenu = Array.isArray(submenu) ? Menu.buildFromTemplate(submenu) : undefined
    this.enabled = options.enabled ?? true
    this.checked = options.checked ?? false
    this.visible = options.visible ?? true
    this.click = () => {
      if (!this.enabled || !this.visible) return
      if (this.type === 'checkbox') this.checked = !this.checked
      options.click?.(this as unknown as Electron.MenuItem, undefined, {})
    }
  }
}

export class Menu extends EventEmitter {
  readonly items: MenuItem[]
  private static application: Menu | null = null

  private constructor(items: MenuItem[]) {
    super()
    this.items = items
  }

  static buildFromTemplate(template: (Electron.MenuItemConstructorOptions | Electron.MenuItem)[]): Menu {
    return new Menu(
      template.map((options) => {
        const { label, role, type } = options
        if (label === undefined && role === undefined && type !== 'separator')
          throw new TypeError('Invalid template for MenuItem: must have at least one of label, role or type')
        return new MenuItem(options as Electron.MenuItemConstructorOptions)
      }),
    )
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.application = menu
  }

  static getApplicationMenu(): Menu | null {
    return Menu.application
  }
}

export class Tray extends EventEmitter {
  private isGone = false

  constructor(image: Electron.NativeImage | string) {
    super()
    this.setImage(image)
  }

  setImage(image: Electron.NativeImage | string): void {
    this.checkAlive()
    const isEmpty = typeof image === 'string' ? !existsSync(image) : image.isEmpty()
    if (isEmpty) throw new Error('Failed to load image from path')
  }

  setToolTip(text: string): void {
    this.checkAlive()
    if (typeof text !== 'string') throw new TypeError('Error processing argument at index 0')
  }

  setContextMenu(menu: Electron.Menu | null): void {
    this.checkAlive()
    if (menu !== null && !(menu instanceof Menu)) throw new TypeError('Error processing argument at index 0')
  }

  destroy(): void {
    this.isGone = true
  }

  isDestroyed(): boolean {
    return this.isGone
  }

  private checkAlive(): void {
    if (this.isGone) throw new Error('Tray is destroyed')
  }
}

Tray satisfies new (
  image: Electron.NativeImage,
) => Pick<Electron.Tray, 'setImage' | 'setToolTip' | 'setContextMenu' | 'destroy' | 'isDestroyed'>

export class Notification extends EventEmitter {
  title: string
  body: string
  readonly actions: Electron.NotificationAction[]

  constructor({ title = '', body = '', actions = [] }: Electron.NotificationConstructorOptions = {}) {
    super()
    this.title = title
    this.body = body
    this.actions = actions
  }

  static isSupported(): boolean {
    return true
  }

  show(): void {
    this.emit('show', {})
  }

  close(): void {
    this.emit('close', {})
  }
}

Notification satisfies new (
  options?: Electron.NotificationConstructorOptions,
) => Pick<Electron.Notification, 'show' | 'close' | 'title' | 'body' | 'actions'>

/** Somebody closes each box at once, unless it is recorded. */
export const dialog = {
  showMessageBox: async (...given: unknown[]) => {
    const { cancelId = 0 } = given.at(-1) as Electron.MessageBoxOptions
    return { response: cancelId, checkboxChecked: false }
  },
  showErrorBox: (title: string, content: string) => console.error(`${title}\n${content}`),
} satisfies Pick<typeof Electron.dialog, 'showMessageBox' | 'showErrorBox'>

let clipboardText = ''
export const clipboard = {
  writeText: async (text: string) => {
    clipboardText = text
  },
  readText: async () => clipboardText,
} satisfies Pick<typeof Electron.clipboard, 'writeText' | 'readText'>

export const shell = {
  openExternal: async () => undefined,
  openPath: async (path: string) => (existsSync(path) ? '' : 'No such file or directory'),
  showItemInFolder: () => undefined,
} satisfies Pick<typeof Electron.shell, 'openExternal' | 'openPath' | 'showItemInFolder'>

class StandInTheme extends EventEmitter {
  themeSource: Electron.NativeTheme['themeSource'] = 'system'
  get shouldUseDarkColors(): boolean {
    return this.themeSource === 'dark'
  }
}
export const nativeTheme = new StandInTheme() satisfies Pick<
  typeof Electron.nativeTheme,
  'themeSource' | 'shouldUseDarkColors'
>

export const powerMonitor = new EventEmitter()

/** As on a Linux without a Secret Service, where Electron would store plain text and says so. */
export const safeStorage = {
  isEncryptionAvailable: () => false,
  getSelectedStorageBackend: () => 'basic_text' as const,
} satisfies Pick<typeof Electron.safeStorage, 'isEncryptionAvailable' | 'getSelectedStorageBackend'>

const SCREEN = { x: 0, y: 0, width: 1920, height: 1080 }

class StandInScreen extends EventEmitter {
  getPrimaryDisplay(): Electron.Display {
    return { id: 1, bounds: SCREEN, workArea: SCREEN, scaleFactor: 1 } as Electron.Display
  }
  getAllDisplays(): Electron.Display[] {
    return [this.getPrimaryDisplay()]
  }
}
export const screen = new StandInScreen() satisfies Pick<
  typeof Electron.screen,
  'getPrimaryDisplay' | 'getAllDisplays'
>
