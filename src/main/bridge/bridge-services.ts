import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { BridgeCore } from './bridge-core.ts'

/** The calls that need the desktop around the bridge. */
export type DesktopServices = Pick<
  BridgeApi,
  | 'setStartAtLogin'
  | 'openPage'
  | 'openSettingsFile'
  | 'openLogFolder'
  | 'checkForUpdate'
  | 'installUpdate'
  | 'quit'
>

/** The calls that are about this computer and its files, and not about the connections of a session. */
export type BridgeServices = DesktopServices &
  Pick<
    BridgeApi,
    | 'getSettingsFile'
    | 'checkSettings'
    | 'saveSettings'
    | 'listSshHosts'
    | 'startJob'
    | 'cancelJob'
    | 'forgetJob'
    | 'recentRequests'
    | 'startOpenrouterSignIn'
    | 'openrouterSignIn'
    | 'stopOpenrouterSignIn'
    | 'probeOllama'
    | 'lookAtVpn'
    | 'setVpn'
    | 'runChecks'
    | 'makeReport'
  >

/** Made by the bridge for itself; they end with the program. */
export type MakeServices = (core: BridgeCore) => BridgeServices

/** Services of a bridge that has none of them. */
export function noServices(): BridgeServices {
  const missing = (): Promise<never> =>
    Promise.reject(new AppError('api.no-desktop', 'This bridge has no desktop around it.'))
  return {
    setStartAtLogin: missing,
    openPage: missing,
    openSettingsFile: missing,
    openLogFolder: missing,
    checkForUpdate: missing,
    installUpdate: missing,
    quit: missing,
    getSettingsFile: missing,
    checkSettings: missing,
    saveSettings: missing,
    listSshHosts: missing,
    startJob: missing,
    cancelJob: missing,
    forgetJob: missing,
    recentRequests: missing,
    startOpenrouterSignIn: missing,
    openrouterSignIn: missing,
    stopOpenrouterSignIn: missing,
    probeOllama: missing,
    lookAtVpn: missing,
    setVpn: missing,
    runChecks: missing,
    makeReport: missing,
  }
}
