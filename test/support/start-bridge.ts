import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Bridge } from '../../src/main/bridge/bridge.ts'
import type { SecretKeeper } from '../../src/main/secrets/secret-keeper.ts'
import { createServices, type ServicesOptions } from '../../src/main/services/services.ts'
import { createSystemProxy, type SystemProxy } from '../../src/main/system-proxy/system-proxy.ts'
import { REAL_AMBIENT } from '../../src/node/ambient.ts'
import { createLogger } from '../../src/node/log.ts'
import { settingsSchema } from '../../src/shared/settings/schema.ts'
import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import { freePort } from './free-port.ts'
import { memoryKeeper } from './memory-store.ts'
import type { Sshd } from './start-sshd.ts'

export interface TestBridgeOptions {
  readonly teardown: (close: () => Promise<void>) => void
  /** As in the settings file; hosts are named by the aliases below. */
  readonly profile: Readonly<Record<string, unknown>>
  /** Aliases for the SSH config. */
  readonly hosts?: Readonly<Record<string, Sshd>>
  /** For the embedded relay. */
  readonly env?: Readonly<Record<string, string>>
  readonly services?: Partial<ServicesOptions>
  readonly secrets?: SecretKeeper
  /** Start with an empty known_hosts. */
  readonly forgetHosts?: boolean
  /** Of a desktop that belongs to the test; there is none unless told. */
  readonly systemProxy?: SystemProxy
}

export interface TestBridge {
  readonly bridge: Bridge
  readonly agentPort: number
  readonly dir: string
  readonly settingsPath: string
  /** Resolves with the first state that fits, the present one included. */
  state(fits: (state: BridgeState) => boolean, what: string): Promise<BridgeState>
}

const DEADLINE_MS = 20_000

/** A bridge in this process that reads an SSH config of its own and listens on a free agent port. */
export async function startBridge(options: TestBridgeOptions): Promise<TestBridge> {
  const dir = await mkdtemp(join(tmpdir(), 'bridge-'))
  const configFile = join(dir, 'ssh_config')
  const blocks = Object.entries(options.hosts ?? {}).map(([alias, sshd]) =>
    [
      `Host ${alias}`,
      `  HostName ${sshd.host}`,
      `  Port ${sshd.port}`,
      `  User ${sshd.userName}`,
      `  IdentityFile ${sshd.clientKeyFile}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${options.forgetHosts === true ? join(dir, 'known_hosts') : sshd.knownHostsFile}`,
      '',
    ].join('\n'),
  )
  await writeFile(configFile, blocks.join('\n'))
  const agentPort = await freePort()
  const env = { ...options.env }
  const log = createLogger('bridge', 'silent')
  const settings = settingsSchema.parse({
    profiles: [{ agent: { listen: `127.0.0.1:${agentPort}` }, ...options.profile }],
  })
  const settingsPath = join(dir, 'settings.json')
  await writeFile(settingsPath, JSON.stringify(settings))
  const services = createServices({
    settingsPath,
    relayDataDir: join(dir, 'relay/data'),
    desktop: undefined,
    ...options.services,
  })
  const bridge = new Bridge({
    settings,
    ssh: { configFiles: [configFile], home: dir, userName: 'nobody', env: {} },
    embeddedRelay: { configPath: join(dir, 'relay/config.json'), dataDir: join(dir, 'relay/data'), env, log },
    services: services.make,
    proxy: {
      home: dir,
      owner: () => 'test',
      wakeHistoryFile: join(dir, 'tunnel-starts.json'),
      // No desktop here has a proxy that a test may change.
      systemProxy:
        options.systemProxy ??
        createSystemProxy({
          ...{ platform: 'linux', env: { PATH: dir } },
          stateFile: join(dir, 'system-proxy.json'),
        }),
    },
    secrets: options.secrets ?? memoryKeeper(),
    ambient: REAL_AMBIENT,
    log,
  })
  options.teardown(async () => {
    await services.close()
    await bridge.disconnect(0)
    await rm(dir, { recursive: true, force: true })
  })
  return { bridge, agentPort, dir, settingsPath, state: (fits, what) => firstState(bridge, fits, what) }
}

function firstState(
  bridge: Bridge,
  fits: (state: BridgeState) => boolean,
  what: string,
): Promise<BridgeState> {
  return new Promise((resolve, reject) => {
    if (fits(bridge.state)) {
      resolve(bridge.state)
      return
    }
    const timer = setTimeout(() => {
      unsubscribe()
      reject(
        new Error(`No ${what} within ${DEADLINE_MS} ms; the last state was ${JSON.stringify(bridge.state)}`),
      )
    }, DEADLINE_MS)
    const unsubscribe = bridge.api.on('state', (state) => {
      if (!fits(state)) return
      clearTimeout(timer)
      unsubscribe()
      resolve(state)
    })
  })
}

/** Every client machine reaches the relay. */
export const isProven = ({ clients }: BridgeState): boolean =>
  clients.every(({ path }) => path.kind === 'proven')
export const isHealthy = ({ relay: { health } }: BridgeState): boolean => health.kind === 'ok'
export const isFailing = ({ relay: { health } }: BridgeState): boolean => health.kind === 'failing'
