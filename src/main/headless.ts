import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Ambient, REAL_AMBIENT } from '../node/ambient.ts'
import { defaultRelayConfigPath, defaultRelayDataDir } from '../node/relay-paths.ts'
import { AppError, toAppError } from '../shared/errors/app-error.ts'
import type { DesktopState } from '../shared/state/desktop.ts'
import { type ApiServer, startApiServer } from './api/api-server.ts'
import { DashboardDoor } from './api/dashboard-door.ts'
import { readDashboardFiles } from './api/dashboard-files.ts'
import { bridgeRuntimeDir } from './api/runtime-dir.ts'
import { Bridge } from './bridge/bridge.ts'
import type { DesktopServices } from './bridge/bridge-services.ts'
import type { ProxySurroundings } from './bridge/proxy-host.ts'
import { ownerIn } from './egress/owner.ts'
import type { BridgeLog } from './logs/bridge-log.ts'
import { secretsFilePath } from './secrets/file-store.ts'
import { openSecrets } from './secrets/secret-keeper.ts'
import { createServices, type Services } from './services/services.ts'
import { type LoadedSettings, loadSettings } from './settings/settings-file.ts'
import { defaultSettingsPath } from './settings/settings-path.ts'
import { ownSshOptions } from './ssh/config/resolve-host.ts'
import { SessionFile } from './ssh/session-memory.ts'
import { createSystemProxy } from './system-proxy/system-proxy.ts'

export interface HeadlessOptions {
  /** Settings file; the usual one when it is not named, and the defaults when that does not exist. */
  readonly settingsPath?: string
  /** Read instead of `~/.ssh/config` and the system's file. */
  readonly sshConfigFile?: string
  /** Where faces on this computer find the bridge. */
  readonly runtimeDir?: string
  /** What the desktop around the bridge can do, and how it is at the start; later with `bridge.setDesktop`. */
  readonly desktop?: { readonly services: DesktopServices; readonly state: DesktopState }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logs: BridgeLog
  readonly ambient?: Ambient
}

/** The bridge with its API for other programs of this user, and no window. */
export interface Headless {
  readonly bridge: Bridge
  readonly settings: LoadedSettings
  readonly apiUrl: string
  /** A new one-time link; undefined where the dashboard was not built. */
  makeDashboardLink(): string | undefined
  /** Lets streams finish for up to `drainMs`. Idempotent. */
  stop(drainMs?: number): Promise<void>
}

/** @throws AppError for settings that cannot be used and when a bridge of this user runs already. */
export async function startHeadless(options: HeadlessOptions): Promise<Headless> {
  const { env, logs } = options
  const { log } = logs
  const ambient = options.ambient ?? REAL_AMBIENT
  if (options.sshConfigFile !== undefined) await checkReadable(options.sshConfigFile)
  const settings = await loadSettings(options.settingsPath ?? defaultSettingsPath(env))
  // Whoever names a file means that one: the defaults would be somebody else's set-up.
  if (options.settingsPath !== undefined && !settings.existed)
    throw new AppError('settings.unreadable', `${settings.path} does not exist.`)
  logs.follow(settings.settings.logs)
  const secrets = await openSecrets(settings.settings.secrets, { file: secretsFilePath(settings.path), log })
  const runtimeDir = options.runtimeDir ?? bridgeRuntimeDir(env)
  const sessions = new SessionFile(join(runtimeDir, 'sessions.json'), { ambient, log })
  const services = createServices({
    settingsPath: settings.path,
    relayDataDir: defaultRelayDataDir(env),
    desktop: options.desktop?.services,
  })
  const proxy = proxySurroundings(settings.path, env)
  // A run before this one may have been killed while the programs of the system were led to it.
  await proxy.systemProxy.restore().catch((error: unknown) => {
    log.warn({ reason: toAppError(error).message }, 'the proxy of the system could not be put back')
  })
  const bridge = new Bridge({
    settings: settings.settings,
    ssh: ownSshOptions(env, options.sshConfigFile),
    services: services.make,
    embeddedRelay: { configPath: defaultRelayConfigPath(env), dataDir: defaultRelayDataDir(env), env, log },
    proxy,
    secrets,
    sessions,
    ambient,
    ...{ log, logs },
  })
  if (options.desktop !== undefined) bridge.setDesktop(options.desktop.state)
  const server = await startApiServer({
    api: bridge.api,
    runtimeDir,
    dashboard: { door: new DashboardDoor(ambient), files: readDashboardFiles() },
    log,
  })
  if (settings.settings.connectAtStart) await bridge.connect()
  return {
    bridge,
    settings,
    apiUrl: server.url,
    makeDashboardLink: () => server.makeDashboardLink(),
    stop: (drainMs) => stop({ bridge, server, services, sessions }, drainMs),
  }
}

function proxySurroundings(settingsPath: string, env: HeadlessOptions['env']): ProxySurroundings {
  const folder = dirname(settingsPath)
  return {
    home: homedir(),
    owner: ownerIn(join(folder, 'tunnel-owner')),
    wakeHistoryFile: join(folder, 'tunnel-starts.json'),
    systemProxy: createSystemProxy({
      ...{ platform: process.platform, env },
      stateFile: join(folder, 'system-proxy.json'),
    }),
  }
}

/** A missing file among the usual ones is nothing odd; one that was named is. */
async function checkReadable(sshConfigFile: string): Promise<void> {
  try {
    await readFile(sshConfigFile)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    throw new AppError('ssh.config-invalid', `${sshConfigFile} cannot be read (${String(reason)}).`, {
      cause: error,
      remedy: 'Check that the file exists and that this user may read it.',
    })
  }
}

interface RunningParts {
  readonly bridge: Bridge
  readonly server: ApiServer
  readonly services: Services
  readonly sessions: SessionFile
}

async function stop({ bridge, server, services, sessions }: RunningParts, drainMs?: number): Promise<void> {
  await services.close()
  await bridge.disconnect(drainMs)
  await sessions.saved()
  await server.close()
}
