import { EventEmitter } from 'node:events'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type Electron from 'electron'
import { app, preventable } from './app.ts'
import { type Chromium, startChromium } from './chromium.ts'
import { fromChromium, standInSession } from './session.ts'
import { screen } from './small-parts.ts'
import { WebContents } from './web-contents.ts'

const windows = new Set<BrowserWindow>()
let focused: BrowserWindow | undefined
let chromium: Promise<Chromium> | undefined

/** Started with the first window, as a tray app may live without one. */
function sharedChromium(): Promise<Chromium> {
  chromium ??= startChromium(join(app.getPath('userData'), 'chromium')).then(async (started) => {
    await started.send('Target.setDiscoverTargets', { discover: true })
    await followDownloads(started)
    process.emit('stand-in-chromium' as never, started as never)
    return started
  })
  return chromium
}

/** A window is a page and what a window manager knows of it. */
export class BrowserWindow extends EventEmitter {
  readonly webContents = new WebContents()
  private bounds: Electron.Rectangle
  private title: string
  private isShown: boolean
  private isGone = false
  private minimized = false

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super()
    if (!app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready')
    const { width = 800, height = 600, show = true, title = '', webPreferences: preferences = {} } = options
    this.bounds = { ...centred(width, height), ...defined({ x: options.x, y: options.y }) }
    this.title = title
    this.isShown = show
    checkPreferences(preferences)
    windows.add(this)
    const { webContents: contents } = this
    app.emit('web-contents-created', {}, contents)
    app.emit('browser-window-created', {}, this)
    contents.once('stand-in-painted', () => this.emit('ready-to-show', {}))
    contents.once('stand-in-closed', () => this.close())
    void sharedChromium().then((shared) => contents.attach(shared, preferences.preload, { width, height }))
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows]
  }

  static getFocusedWindow(): BrowserWindow | null {
    return focused ?? null
  }

  static fromWebContents(contents: unknown): BrowserWindow | null {
    return [...windows].find(({ webContents }) => webContents === contents) ?? null
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url)
  }

  show(): void {
    this.minimized = false
    if (!this.isShown) {
      this.isShown = true
      this.emit('show', {})
    }
    this.focus()
  }

  hide(): void {
    this.isShown = false
    this.blur()
    this.emit('hide', {})
  }

  focus(): void {
    if (focused === this) return
    focused?.blur()
    focused = this
    this.emit('focus', {})
  }

  blur(): void {
    if (focused !== this) return
    focused = undefined
    this.emit('blur', {})
  }

  minimize(): void {
    this.minimized = true
    this.blur()
    this.emit('minimize', {})
  }

  restore(): void {
    this.minimized = false
    this.emit('restore', {})
  }

  isVisible(): boolean {
    return this.isShown
  }

  isFocused(): boolean {
    return focused === this
  }

  isMinimized(): boolean {
    return this.minimized
  }

  isDestroyed(): boolean {
    return this.isGone
  }

  getTitle(): string {
    return this.title
  }

  setTitle(title: string): void {
    this.title = title
  }

  getBounds(): Electron.Rectangle {
    return { ...this.bounds }
  }

  getNormalBounds(): Electron.Rectangle {
    return { ...this.bounds }
  }

  setBounds(bounds: Partial<Electron.Rectangle>): void {
    this.bounds = { ...this.bounds, ...bounds }
    void this.webContents.setSize(this.bounds)
    this.emit('resize', {})
  }

  close(): void {
    if (this.isGone) return
    const event = preventable()
    this.emit('close', event)
    if (!event.defaultPrevented) this.destroy()
  }

  destroy(): void {
    if (this.isGone) return
    this.blur()
    this.isGone = true
    windows.delete(this)
    void this.webContents.end()
    this.emit('closed')
    if (windows.size === 0) app.lastWindowClosed()
  }
}

BrowserWindow satisfies (new (
  options?: Electron.BrowserWindowConstructorOptions,
) => Pick<
  Electron.BrowserWindow,
  | 'loadURL'
  | 'show'
  | 'hide'
  | 'focus'
  | 'blur'
  | 'minimize'
  | 'restore'
  | 'isVisible'
  | 'isFocused'
  | 'isMinimized'
  | 'isDestroyed'
  | 'getTitle'
  | 'setTitle'
  | 'getBounds'
  | 'getNormalBounds'
  | 'setBounds'
  | 'close'
  | 'destroy'
>) & { getAllWindows(): unknown[]; fromWebContents(contents: unknown): unknown }

app.closeWindows = async ({ asking }) => {
  for (const window of [...windows]) {
    if (asking) window.close()
    else window.destroy()
  }
  return windows.size === 0
}

/** The stand-in has no pages without these, so code that gives them up must not seem to work. */
function checkPreferences({ sandbox, contextIsolation, nodeIntegration }: Electron.WebPreferences): void {
  if (sandbox === false || contextIsolation === false || nodeIntegration === true)
    throw new Error('The stand-in has sandboxed and isolated pages only.')
}

function centred(width: number, height: number): Electron.Rectangle {
  const { workArea } = screen.getPrimaryDisplay()
  const middle = (whole: number, part: number): number => Math.max(0, Math.round((whole - part) / 2))
  return { x: middle(workArea.width, width), y: middle(workArea.height, height), width, height }
}

function defined(place: {
  readonly x: number | undefined
  readonly y: number | undefined
}): Partial<Electron.Rectangle> {
  const { x, y } = place
  return { ...(x === undefined ? {} : { x }), ...(y === undefined ? {} : { y }) }
}

/** As if somebody pressed Save at once in the dialog of each download that the app lets through. */
async function followDownloads(started: Chromium): Promise<void> {
  const folder = app.getPath('downloads')
  mkdirSync(folder, { recursive: true })
  const names = new Map<string, string>()
  await started.send('Browser.setDownloadBehavior', {
    behavior: 'allowAndName',
    downloadPath: folder,
    eventsEnabled: true,
  })
  started.onEvent(undefined, ({ method, params }) => {
    const { guid, url, suggestedFilename, state, filePath } = params as Readonly<Record<string, string>>
    if (guid === undefined) return
    if (method === 'Browser.downloadWillBegin') {
      const event = preventable()
      const item = { getURL: () => fromChromium(url ?? ''), getFilename: () => suggestedFilename ?? '' }
      standInSession.emit('will-download', event, item)
      if (event.defaultPrevented) void started.send('Browser.cancelDownload', { guid }).catch(() => undefined)
      else names.set(guid, suggestedFilename ?? guid)
    }
    const name = names.get(guid)
    // Whoever else drives this Chromium may have had it put somewhere else.
    if (method === 'Browser.downloadProgress' && state === 'completed' && name !== undefined)
      copyFileSync(filePath ?? join(folder, guid), join(folder, name))
  })
}
