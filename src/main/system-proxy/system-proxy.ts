import { type RunTool, toolRunner } from '../../node/run-tool.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { gnomeStore } from './gnome.ts'
import { kdeStore } from './kde.ts'
import { readKept } from './kept-settings.ts'
import { macStore } from './macos.ts'
import type { ProxyStore, ProxyWish, SystemName } from './proxy-store.ts'
import { type PutBack, putBack, setProxy } from './set-and-put-back.ts'
import { toolFailure } from './tool-failure.ts'
import { windowsStore } from './windows.ts'

/** The proxy that the programs of this system use by themselves. */
export interface SystemProxy {
  /**
   * Sets it, after what is there was written down. Again with another wish: what was there at first is kept.
   *
   * @throws AppError `system-proxy.unsupported`, `system-proxy.failed`; then everything is as it was
   */
  set(proxy: ProxyWish): Promise<void>
  /** Puts back what was there, also after a crash; changes nothing where nothing was set. */
  restore(): Promise<PutBack>
}

interface SystemProxyOptions {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** Holds what was there before, while a proxy is set. */
  readonly stateFile: string
  readonly run?: RunTool
}

export function createSystemProxy({ env, platform, run, stateFile }: SystemProxyOptions): SystemProxy {
  const tool = run ?? toolRunner(env)
  const storeOf = (system: SystemName): ProxyStore => STORES[system](tool, env)
  const system = systemName(platform, env)
  let last: Promise<unknown> = Promise.resolve()
  // One after the other: a disconnect may come while a connect is still setting.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work).catch((error: unknown) => {
      throw toolFailure(error)
    })
    last = next.catch(() => undefined)
    return next
  }
  return {
    set: (proxy) =>
      inTurn(async () => {
        if (system === undefined)
          throw new AppError(
            'system-proxy.unsupported',
            `${platform} has no proxy settings that are known here.`,
          )
        await setProxy(storeOf(system), stateFile, proxy, storeOf)
      }),
    restore: () =>
      inTurn(async () => {
        const kept = await readKept(stateFile)
        // By the system that it was set on: somebody may have logged in to another desktop.
        return kept === undefined ? NOTHING : putBack(storeOf(kept.system), stateFile, kept)
      }),
  }
}

const NOTHING: PutBack = { restored: [], left: [] }

const STORES: Readonly<Record<SystemName, (run: RunTool, env: SystemProxyOptions['env']) => ProxyStore>> = {
  macos: macStore,
  windows: windowsStore,
  gnome: gnomeStore,
  kde: kdeStore,
}

/** Desktops without proxy settings of their own mostly follow GNOME's, as GLib and browsers do. */
function systemName(platform: NodeJS.Platform, env: SystemProxyOptions['env']): SystemName | undefined {
  if (platform === 'darwin') return 'macos'
  if (platform === 'win32') return 'windows'
  if (platform !== 'linux' && platform !== 'freebsd') return undefined
  const desktops = (env.XDG_CURRENT_DESKTOP ?? '').toUpperCase().split(':')
  return desktops.includes('KDE') || env.KDE_FULL_SESSION === 'true' ? 'kde' : 'gnome'
}
