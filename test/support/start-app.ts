import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'
import { builtApp, removeBuiltApp } from './electron/build-app.ts'
import { CHROMIUM } from './electron/chromium.ts'
import type { DesktopProcess } from './electron/desktop-process.ts'
import { startElectron } from './electron/electron-process.ts'
import type { DesktopView, TrayView } from './electron/record-desktop.ts'
import { startStandIn } from './electron/stand-in-process.ts'
import { waitUntil } from './start-sshd.ts'

/** `SOVEREIGN_E2E=electron` runs the same specs on Electron itself. */
export const IS_ELECTRON = process.env.SOVEREIGN_E2E === 'electron'

/** Why no window can be opened here; undefined when one can. */
export const NO_WINDOWS: string | undefined =
  IS_ELECTRON || CHROMIUM !== undefined
    ? undefined
    : 'The windows need a Chromium: install the package chromium.'

/** The relay is built in, and no port of this machine is taken. */
export function quietSettings(home: string): object {
  const listen = process.platform === 'win32' ? '127.0.0.1:0' : `unix:${join(home, 'agent.sock')}`
  return { profiles: [{ agent: { listen } }] }
}

const DEADLINE_MS = 20_000

afterAll(removeBuiltApp)

export interface AppOptions {
  /**
   * Written to the settings file, which is otherwise {@link quietSettings}; a text is written as it is. `none` is
   * the computer of somebody who has just installed the app: it looks for settings in the usual place.
   */
  readonly settings?: unknown
  /** The home folder of an app that has run before. */
  readonly home?: string
  /** Runs before the app, with its home folder. */
  readonly prepare?: (home: string) => Promise<void>
  /** Added to the command line, such as `--hidden`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** The built app as a person has it: a tray icon, windows, boxes, and a home folder of its own. */
export interface RunningApp {
  readonly home: string
  readonly pid: number
  readonly exited: Promise<number | null>
  log(): string
  view(): Promise<DesktopView>
  /** The desktop once it looks like this. */
  seen(what: string, accept: (view: DesktopView) => boolean): Promise<DesktopView>
  /** The page of the window at a route, `#/` being the dashboard, once it is open. */
  window(route?: string): Promise<Page>
  /** Pages of the windows that are open now. */
  windows(): Promise<Page[]>
  readonly tray: {
    /** The tray once one of its lines holds such words. */
    with(words: string): Promise<TrayView>
    /** Clicks a line, once it is there and can be clicked. */
    click(label: string): Promise<void>
    primaryClick(): Promise<void>
  }
  /** Presses a button of a native box, once there is one. */
  press(button: string): Promise<void>
  readonly process: DesktopProcess
  /** Quits as the menu does. @returns the exit code. */
  quit(): Promise<number | null>
  kill(): Promise<void>
  /** Command lines of the processes that have to do with this home folder; the app's own among them. */
  processes(): Promise<string[]>
}

/** Starts the built app; whatever is left of it ends with the test. */
export async function startApp(options: AppOptions = {}): Promise<RunningApp> {
  const app = await builtApp()
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'home-')))
  const config = join(home, 'settings.json')
  const settings = options.settings ?? quietSettings(home)
  const isNew = settings === 'none'
  if (!isNew && (options.home === undefined || options.settings !== undefined))
    await writeFile(config, typeof settings === 'string' ? settings : JSON.stringify(settings))
  await options.prepare?.(home)
  const started = await (IS_ELECTRON ? startElectron : startStandIn)({
    app,
    args: [...(isNew ? [] : ['--config', config]), ...(options.args ?? [])],
    env: { ...(await environment(home)), ...options.env },
  })
  onTestFinished(async () => {
    started.kill()
    await started.exited
    await started.close()
    // A home that was handed in belongs to whoever did that.
    if (options.home !== undefined) return
    // Chromium notices a little later that it is alone.
    await waitUntil(async () => (await processesOf(home)).length === 0, DEADLINE_MS)
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  })
  return drive(started, home)
}

/** Where Electron keeps what belongs to the windows. */
export function profileOf(home: string): string {
  return join(home, '.config/Sovereign Bridge')
}

async function environment(home: string): Promise<Record<string, string>> {
  const own = {
    HOME: home,
    USERPROFILE: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    SOVEREIGN_RUNTIME_DIR: join(home, 'run'),
    CONFIG_PATH: join(home, 'relay.json'),
    SOVEREIGN_E2E_PROFILE: profileOf(home),
  }
  await mkdir(own.XDG_CONFIG_HOME, { recursive: true })
  const kept = ['PATH', 'DISPLAY', 'XAUTHORITY', 'SYSTEMROOT', 'TMPDIR', 'TEMP', 'CHROMIUM']
  const inherited = kept.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(inherited), ...own }
}

function drive(started: DesktopProcess, home: string): RunningApp {
  const view = (): Promise<DesktopView> => started.ask('view')
  async function seen(what: string, accept: (view: DesktopView) => boolean): Promise<DesktopView> {
    let last: DesktopView | undefined
    const isSeen = async (): Promise<boolean> => {
      last = await view()
      return accept(last)
    }
    if ((await waitUntil(isSeen, DEADLINE_MS)) && last !== undefined) return last
    throw new Error(`No ${what}; the desktop was ${JSON.stringify(last)}\n${started.log()}`)
  }
  const windows = async (): Promise<Page[]> =>
    (await started.pages()).filter((page) => !page.isClosed() && new URL(page.url()).hash !== '')
  async function window(route = '#/'): Promise<Page> {
    let found: Page | undefined
    const isOpen = async (): Promise<boolean> => {
      found = (await windows()).find((page) => new URL(page.url()).hash === route)
      return found !== undefined
    }
    if ((await waitUntil(isOpen, DEADLINE_MS)) && found !== undefined) return found
    throw new Error(`No window at ${route}.\n${started.log()}`)
  }
  return {
    home,
    pid: started.pid,
    exited: started.exited,
    log: () => started.log(),
    ...{ view, seen, windows, window },
    tray: {
      with: async (words) => {
        const holds = ({ tray }: DesktopView): boolean =>
          tray?.menu.some(({ label }) => label.includes(words)) === true
        const { tray } = await seen(`line of the tray with "${words}"`, holds)
        if (tray === undefined) throw new Error('There is no tray.')
        return tray
      },
      click: async (label) => {
        await seen(
          `line "${label}" to click`,
          ({ tray }) => tray?.menu.some((line) => line.label === label && line.enabled) === true,
        )
        await started.ask('clickMenu', label)
      },
      primaryClick: () => started.ask('clickTray'),
    },
    async press(button) {
      await seen(`box with ${button}`, ({ boxes }) => boxes.some(({ buttons }) => buttons.includes(button)))
      await started.ask('press', button)
    },
    process: started,
    async quit() {
      // The answer may not arrive any more.
      started.ask('quit').catch(() => undefined)
      return started.exited
    },
    async kill() {
      started.kill()
      await started.exited
    },
    processes: () => processesOf(home),
  }
}

/** On Linux alone; elsewhere nothing is known. */
async function processesOf(home: string): Promise<string[]> {
  const entries = await readdir('/proc').catch((): string[] => [])
  const pids = entries.filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.map((line) => line.replaceAll('\0', ' ').trim()).filter((line) => line.includes(home))
}
