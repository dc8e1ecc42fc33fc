import { join } from 'node:path'
import { app, BrowserWindow, nativeTheme, screen, type WebContents } from 'electron'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { APP_ORIGIN } from './app-origin.ts'
import type { DesktopMemory } from './desktop-memory.ts'
import { SAFE_PREFERENCES } from './harden.ts'
import { placeWindow } from './window-bounds.ts'
import { words } from './words/words.ts'

export interface WindowsOptions {
  readonly memory: DesktopMemory
  readonly ambient: Ambient
  readonly log: Logger
  /** A page that ends again and again is not opened any more. */
  readonly onGivenUp: () => void
  /** Somebody looks at one of them now. */
  readonly onFront: () => void
}

interface Kind {
  readonly route: string
  readonly width: number
  readonly height: number
}

/** Sizes in CSS pixels. */
const KINDS = {
  dashboard: { route: '#/', width: 1080, height: 760 },
  'sign-in': { route: '#/sign-in', width: 480, height: 640 },
} as const satisfies Record<string, Kind>
export type WindowKind = keyof typeof KINDS

const SMALLEST = { minWidth: 360, minHeight: 400 }
/** Until the page has painted there is only this, which therefore has the colour of the page. */
const BACKGROUND = { dark: '#16181d', light: '#ffffff' }
/** A page that paints nothing is shown all the same, so that one sees that something is wrong. */
const PAINT_PATIENCE_MS = 3_000
const MOST_CRASHES = 3
const CRASH_WINDOW_MS = 60_000

/**
 * The windows of the app, one of each kind, made when they are asked for and gone when they are closed: a tray app
 * that nobody looks at holds no page. A page that crashes is replaced; nothing outside of it takes notice.
 */
export class Windows {
  private readonly options: WindowsOptions
  private readonly open = new Map<WindowKind, BrowserWindow>()
  private crashes: number[] = []

  constructor(options: WindowsOptions) {
    this.options = options
  }

  /** Shows a window, and makes it first where there is none. @param route goes there, such as `#/prompts`. */
  show(kind: WindowKind, route?: string): void {
    const window = this.open.get(kind)
    if (window === undefined) {
      this.create(kind, route ?? KINDS[kind].route)
      return
    }
    const url = route === undefined ? undefined : addressOf(route)
    // The same address would load the page anew and lose what is typed in it.
    if (url !== undefined && window.webContents.getURL() !== url) this.load(window, url)
    if (window.isMinimized()) window.restore()
    bringToFront(window)
  }

  isOurs(contents: WebContents): boolean {
    return [...this.open.values()].some((window) => window.webContents === contents)
  }

  /** Whether somebody looks at one of them right now. */
  get isInFront(): boolean {
    return [...this.open.values()].some((window) => window.isFocused())
  }

  /** Closes all of them without asking. */
  close(): void {
    for (const [kind, window] of [...this.open]) {
      this.remember(kind, window)
      window.destroy()
    }
  }

  private create(kind: WindowKind, route: string): void {
    const { log, memory } = this.options
    const screens = screen.getAllDisplays().map(({ workArea }) => workArea)
    const window = new BrowserWindow({
      ...placeWindow(memory.bounds(kind), KINDS[kind], screens),
      ...SMALLEST,
      show: false,
      title: words.product,
      autoHideMenuBar: true,
      backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
      webPreferences: { ...SAFE_PREFERENCES, preload: join(app.getAppPath(), 'dist/preload/index.cjs') },
    })
    this.open.set(kind, window)
    showOncePainted(window)
    window.on('close', () => this.remember(kind, window))
    window.on('focus', () => this.options.onFront())
    window.once('closed', () => {
      if (this.open.get(kind) === window) this.open.delete(kind)
      this.followActivation()
    })
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      log.error({ window: kind, reason, exitCode }, 'The page of a window has ended')
      this.replace(kind, window)
    })
    this.load(window, addressOf(route))
    this.followActivation()
  }

  private load(window: BrowserWindow, url: string): void {
    window.loadURL(url).catch((error: unknown) => {
      // Also when something newer is loaded instead, or the window is closed meanwhile.
      this.options.log.warn({ err: error, url }, 'A window has not loaded its page')
    })
  }

  private replace(kind: WindowKind, window: BrowserWindow): void {
    const url = window.webContents.getURL()
    this.remember(kind, window)
    window.destroy()
    const now = this.options.ambient.monotonicMs()
    this.crashes = [...this.crashes.filter((at) => now - at < CRASH_WINDOW_MS), now]
    if (this.crashes.length > MOST_CRASHES) this.options.onGivenUp()
    else this.create(kind, new URL(url).hash || KINDS[kind].route)
  }

  private remember(kind: WindowKind, window: BrowserWindow): void {
    if (!window.isDestroyed()) this.options.memory.keepBounds(kind, window.getNormalBounds())
  }

  /** With a window there is an icon in the Dock and a place among the apps to switch to; without one there is none. */
  private followActivation(): void {
    if (process.platform === 'darwin') app.setActivationPolicy(this.open.size > 0 ? 'regular' : 'accessory')
  }
}

function addressOf(route: string): string {
  return `${APP_ORIGIN}/${route}`
}

function showOncePainted(window: BrowserWindow): void {
  const show = (): void => {
    clearTimeout(patience)
    if (!window.isDestroyed()) bringToFront(window)
  }
  const patience = setTimeout(show, PAINT_PATIENCE_MS)
  window.once('ready-to-show', show)
  window.once('closed', () => clearTimeout(patience))
}

function bringToFront(window: BrowserWindow): void {
  window.show()
  window.focus()
}
