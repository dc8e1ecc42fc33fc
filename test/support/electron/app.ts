import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type Electron from 'electron'
import { becomeOnlyInstance } from './instance-lock.ts'

type Path = Parameters<typeof Electron.app.getPath>[0]

interface Package {
  readonly productName: string
  readonly version: string
}

/** An event whose default can be prevented, as Electron hands them to listeners. */
export function preventable<Details extends object>(
  details?: Details,
): Details & { preventDefault(): void; defaultPrevented: boolean } {
  const event = {
    defaultPrevented: false,
    preventDefault() {
      event.defaultPrevented = true
    },
  }
  return Object.assign(event, details)
}

/** Electron runs until it is told to end, with or without anything to do. */
const FOREVER_MS = 2 ** 30

class StandInApp extends EventEmitter {
  /** Whether this is an installation and no checkout, which Electron sees by the name of its own program. */
  readonly isPackaged = process.env.SOVEREIGN_E2E_PACKAGED === '1'
  name: string
  private readonly home: Package & { readonly folder: string }
  private readonly readiness = Promise.withResolvers<void>()
  private isUp = false
  private isQuitting = false
  /** Closes the windows; set by whoever makes them. @returns false when one of them refuses. */
  closeWindows: (options: { readonly asking: boolean }) => Promise<boolean> = async () => true

  constructor() {
    super()
    this.home = findPackage(dirname(process.argv[1] ?? ''))
    this.name = this.home.productName
    Object.assign(process, { resourcesPath: this.home.folder })
    setInterval(() => undefined, FOREVER_MS)
    // After the main script has been evaluated, as in Electron.
    setImmediate(() => {
      if (this.isQuitting) return
      this.isUp = true
      this.emit('will-finish-launching')
      this.emit('ready', {}, {})
      this.readiness.resolve()
    })
  }

  whenReady(): Promise<void> {
    return this.readiness.promise
  }

  isReady(): boolean {
    return this.isUp
  }

  getName(): string {
    return this.name
  }

  getVersion(): string {
    return this.home.version
  }

  getAppPath(): string {
    return this.home.folder
  }

  /** On Linux; https://www.electronjs.org/docs/latest/api/app#appgetpathname */
  getPath(name: Path): string {
    const config = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config')
    if (name === 'home') return homedir()
    if (name === 'temp') return tmpdir()
    if (name === 'appData') return config
    const userData = join(config, this.name)
    if (name === 'userData' || name === 'sessionData') return userData
    if (name === 'logs') return join(userData, 'logs')
    if (name === 'downloads') return join(homedir(), 'Downloads')
    throw new Error(`Failed to get '${name}' path`)
  }

  requestSingleInstanceLock(): boolean {
    const start = { argv: process.argv, cwd: process.cwd() }
    return becomeOnlyInstance(this.getPath('userData'), start, ({ argv, cwd }) => {
      void this.whenReady().then(() => this.emit('second-instance', {}, argv, cwd, undefined))
    })
  }

  enableSandbox(): void {
    if (this.isUp) throw new Error('app.enableSandbox() can only be called before app is ready')
  }

  /** before-quit, then the windows, then will-quit and quit: each of the first three may hold it back. */
  quit(): void {
    const event = preventable()
    this.emit('before-quit', event)
    if (event.defaultPrevented) return
    this.isQuitting = true
    void this.closeWindows({ asking: true }).then((areClosed) => {
      const last = preventable()
      if (areClosed) this.emit('will-quit', last)
      if (areClosed && !last.defaultPrevented) this.end(0)
      else this.isQuitting = false
    })
  }

  /** Without asking anybody. */
  exit(exitCode = 0): void {
    this.isQuitting = true
    void this.closeWindows({ asking: false }).then(() => this.end(exitCode))
  }

  /** Told by the last window that is closed; without a listener the app ends. */
  lastWindowClosed(): void {
    if (this.isQuitting) return
    if (!this.emit('window-all-closed')) this.quit()
  }

  /** Changes nothing that could be seen here. */
  setActivationPolicy(): void {}

  getLoginItemSettings(): ReturnType<typeof Electron.app.getLoginItemSettings> {
    return { openAtLogin: false, wasOpenedAtLogin: false } as ReturnType<
      typeof Electron.app.getLoginItemSettings
    >
  }

  setLoginItemSettings(): void {}

  private end(exitCode: number): void {
    this.emit('quit', {}, exitCode)
    process.exit(exitCode)
  }
}

export const app = new StandInApp() satisfies Pick<
  typeof Electron.app,
  | 'isPackaged'
  | 'name'
  | 'whenReady'
  | 'isReady'
  | 'getName'
  | 'getVersion'
  | 'getAppPath'
  | 'getPath'
  | 'requestSingleInstanceLock'
  | 'enableSandbox'
  | 'quit'
  | 'exit'
  | 'setActivationPolicy'
  | 'getLoginItemSettings'
  | 'setLoginItemSettings'
>

function findPackage(folder: string): Package & { readonly folder: string } {
  try {
    const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package
    return { ...found, folder }
  } catch {
    if (dirname(folder) === folder) throw new Error('There is no package.json above the main script.')
    return findPackage(dirname(folder))
  }
}
