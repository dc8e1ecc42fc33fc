import type Electron from 'electron'

export interface MenuLine {
  readonly label: string
  readonly type: string
  readonly enabled: boolean
  readonly checked: boolean
}

export interface TrayView {
  /** File name of the image without its ending, such as `connected-panel`. */
  readonly icon: string
  readonly tooltip: string
  readonly menu: readonly MenuLine[]
}

export interface WindowView {
  readonly url: string
  readonly isVisible: boolean
  readonly isFocused: boolean
  readonly bounds: Electron.Rectangle
}

/** Everything that a person in front of the desktop sees of the app, but for what is in its windows. */
export interface DesktopView {
  readonly tray: TrayView | undefined
  readonly windows: readonly WindowView[]
  /** Native boxes that nobody has answered yet. */
  readonly boxes: readonly { readonly text: string; readonly buttons: readonly string[] }[]
  readonly notifications: readonly { readonly title: string; readonly body: string }[]
  /** Pages and files that were handed to the system. */
  readonly opened: readonly string[]
  /** What the app has copied last. */
  readonly copied: string
}

/** What that person may do. Everything is plain data, so that it can be asked for from another process. */
export interface RecordedDesktop {
  view(): DesktopView
  clickTray(): void
  /** @throws Error when the menu has no such line that can be clicked. */
  clickMenu(label: string): void
  press(button: string): void
  clickNotification(title: string): void
  setBounds(url: string, bounds: Partial<Electron.Rectangle>): void
  closeWindow(url: string): void
  crashPage(url: string): void
  /** A window with our preload that the app knows nothing of, showing something else. */
  openForeignWindow(url: string, preload: string): void
  wakeUp(): void
  quit(): void
}

type Parts = Pick<
  typeof Electron,
  | 'app'
  | 'BrowserWindow'
  | 'clipboard'
  | 'dialog'
  | 'nativeImage'
  | 'Notification'
  | 'powerMonitor'
  | 'shell'
  | 'Tray'
>

interface OpenBox {
  readonly text: string
  readonly buttons: readonly string[]
  readonly resolve: (response: number) => void
}

/**
 * Watches what an app tells the desktop, and acts on it in the name of a person. It works on Electron as on the
 * stand-in, since it takes hold of methods that both have; native boxes and the browser do not open for real.
 */
export function recordDesktop(electron: Parts): RecordedDesktop {
  const tray = watchTray(electron)
  const boxes = watchBoxes(electron)
  const notifications = watchNotifications(electron)
  const opened = watchShell(electron)
  const copied = watchClipboard(electron)
  const windowAt = (url: string): Electron.BrowserWindow =>
    found(
      electron.BrowserWindow.getAllWindows().find(({ webContents }) => webContents.getURL() === url),
      `window at ${url}`,
    )
  return {
    view: () => ({
      tray: tray.view(),
      windows: electron.BrowserWindow.getAllWindows().map((window) => ({
        url: window.webContents.getURL(),
        isVisible: window.isVisible(),
        isFocused: window.isFocused(),
        bounds: window.getBounds(),
      })),
      boxes: boxes.map(({ text, buttons }) => ({ text, buttons })),
      notifications: notifications.map(({ title, body }) => ({ title, body })),
      opened,
      copied: copied(),
    }),
    clickTray: () => tray.click(),
    clickMenu: (label) => tray.clickMenu(label),
    press(button) {
      const box = found(
        boxes.find(({ buttons }) => buttons.includes(button)),
        `box with the button ${button}`,
      )
      boxes.splice(boxes.indexOf(box), 1)
      box.resolve(box.buttons.indexOf(button))
    },
    clickNotification(title) {
      const shown = found(
        notifications.find((notification) => notification.title === title),
        `notification ${title}`,
      )
      shown.emit('click', {})
    },
    setBounds: (url, bounds) => windowAt(url).setBounds(bounds),
    closeWindow: (url) => windowAt(url).close(),
    crashPage: (url) => windowAt(url).webContents.forcefullyCrashRenderer(),
    openForeignWindow(url, preload) {
      const window = new electron.BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } })
      window.loadURL(url).catch(() => undefined)
    },
    wakeUp: () => void electron.powerMonitor.emit('resume'),
    quit: () => electron.app.quit(),
  }
}

interface WatchedTray {
  view(): TrayView | undefined
  click(): void
  clickMenu(label: string): void
}

function watchTray({ Tray, nativeImage }: Parts): WatchedTray {
  const files = new WeakMap<object, string>()
  const createFromPath = nativeImage.createFromPath.bind(nativeImage)
  nativeImage.createFromPath = (path) => {
    const image = createFromPath(path)
    files.set(image, path.replace(/^.*[\\/]|\.png$/g, ''))
    return image
  }
  let tray: Electron.Tray | undefined
  const shown: { icon: string; tooltip: string; items: readonly Electron.MenuItem[] } = {
    icon: '',
    tooltip: '',
    items: [],
  }
  before(Tray.prototype, 'setImage', (self: Electron.Tray, image: object) => {
    tray = self
    shown.icon = files.get(image) ?? ''
  })
  before(Tray.prototype, 'setToolTip', (_self, text: string) => {
    shown.tooltip = text
  })
  before(Tray.prototype, 'setContextMenu', (_self, menu: Electron.Menu | null) => {
    shown.items = menu?.items ?? []
  })
  before(Tray.prototype, 'destroy', () => {
    tray = undefined
  })
  return {
    view: () =>
      tray && {
        icon: shown.icon,
        tooltip: shown.tooltip,
        menu: linesOf(shown.items).map(({ label, type, enabled, checked }) => ({
          label,
          type,
          enabled,
          checked,
        })),
      },
    click: () => void found(tray, 'tray').emit('click', {}, {}, {}),
    clickMenu(label) {
      const items = linesOf(shown.items)
      const item = items.find((candidate) => candidate.label === label && candidate.enabled)
      found(
        item,
        `line "${label}" that can be clicked among ${items.map((line) => line.label).join(' | ')}`,
      ).click()
    },
  }
}

/** Submenus follow the line that opens them. */
function linesOf(items: readonly Electron.MenuItem[]): Electron.MenuItem[] {
  return items
    .filter(({ visible }) => visible)
    .flatMap((item) => [item, ...linesOf(item.submenu?.items ?? [])])
}

function watchBoxes({ dialog }: Parts): OpenBox[] {
  const boxes: OpenBox[] = []
  dialog.showMessageBox = (...given: unknown[]) => {
    const { message, detail = '', buttons = ['OK'] } = given.at(-1) as Electron.MessageBoxOptions
    return new Promise((resolve) => {
      const answer = (response: number): void => resolve({ response, checkboxChecked: false })
      boxes.push({ text: `${message}\n${detail}`, buttons, resolve: answer })
    })
  }
  dialog.showErrorBox = (title, content) => void console.error(`${title}\n${content}`)
  return boxes
}

function watchNotifications({ Notification }: Parts): Electron.Notification[] {
  const shown: Electron.Notification[] = []
  Notification.prototype.show = function show(this: Electron.Notification) {
    shown.push(this)
    this.emit('show', {})
  }
  return shown
}

function watchShell({ shell }: Parts): string[] {
  const opened: string[] = []
  shell.openExternal = async (url) => void opened.push(url)
  shell.openPath = async (path) => {
    opened.push(path)
    return ''
  }
  return opened
}

/** The clipboard of whoever runs the tests stays as it is. */
function watchClipboard({ clipboard }: Parts): () => string {
  let copied = ''
  clipboard.writeText = async (text) => {
    copied = text
  }
  return () => copied
}

/** Looks at the arguments of a method and then lets it run. */
function before<Self extends object, Args extends unknown[]>(
  prototype: Self,
  name: keyof Self,
  look: (self: Self, ...args: Args) => void,
): void {
  const original = prototype[name] as (...args: Args) => unknown
  const watched = function watched(this: Self, ...args: Args): unknown {
    look(this, ...args)
    return original.apply(this, args)
  }
  Object.defineProperty(prototype, name, { value: watched, configurable: true, writable: true })
}

function found<Thing>(thing: Thing | undefined, name: string): Thing {
  if (thing === undefined) throw new Error(`There is no ${name}.`)
  return thing
}
