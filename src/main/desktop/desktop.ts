import { app, shell } from 'electron'
import { REAL_AMBIENT } from '../../node/ambient.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import type { DesktopFacts } from '../../shared/state/desktop.ts'
import type { Bridge } from '../bridge/bridge.ts'
import type { DesktopServices } from '../bridge/bridge-services.ts'
import { desktopServices } from './desktop-services.ts'
import { loadElectronUpdater, whyNoUpdates } from './electron-updates.ts'
import { startAtLogin } from './start-at-login.ts'
import { Updates } from './updates.ts'
import { words } from './words/words.ts'

export interface Desktop {
  readonly services: DesktopServices
  /** As it is when the bridge is made. */
  readonly state: DesktopFacts
  /** What has become known since. */
  change(facts: Partial<DesktopFacts>): void
}

export interface CreateDesktopOptions {
  readonly settingsPath: string
  readonly logFile: string
  /** Undefined until it has been made. */
  readonly bridge: () => Bridge | undefined
  /** Closes everything in order, so that the program may end. */
  readonly drain: () => Promise<void>
}

/** What this computer's desktop can do for the bridge, and what the bridge says of it. */
export async function createDesktop(options: CreateDesktopOptions): Promise<Desktop> {
  const { settingsPath, logFile, bridge, drain } = options
  const loginSwitch = startAtLogin()
  const updates = new Updates({
    unsupported: whyNoUpdates(),
    loadUpdater: loadElectronUpdater,
    now: REAL_AMBIENT.now,
    onChange: (update) => change({ update }),
    underWay: () => streaming(bridge()?.state),
    drain,
  })
  let facts: DesktopFacts = {
    kind: 'desktop',
    platform: process.platform === 'darwin' || process.platform === 'win32' ? process.platform : 'linux',
    startsAtLogin: await loginSwitch?.isOn(),
    // Taken for granted until the session bus has said otherwise.
    hasTray: true,
    update: updates.state,
  }
  function change(next: Partial<DesktopFacts>): void {
    facts = { ...facts, ...next }
    bridge()?.setDesktop(facts)
  }
  const services = desktopServices({
    loginSwitch,
    updates,
    ...{ settingsPath, logFile },
    openExternal: (address) => shell.openExternal(address),
    openPath: (path) => shell.openPath(path),
    quit: () => app.quit(),
    onChange: change,
  })
  return { services, state: facts, change }
}

/** A connection that has been silent for longer is kept open for the next request and carries none. */
const STREAMING_MS = 10_000

function streaming(state: BridgeState | undefined): string | undefined {
  const now = REAL_AMBIENT.now()
  const names = (state?.clients ?? [])
    .filter(({ traffic }) => traffic.openChannels > 0 && now - (traffic.lastByteAt ?? 0) < STREAMING_MS)
    .map(({ name }) => name)
  return names.length === 0 ? undefined : words.updates.beingAnswered(names)
}
