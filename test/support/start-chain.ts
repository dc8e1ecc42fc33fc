import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectBridge } from '../../src/main/api/api-client.ts'
import type { BridgeConnection } from '../../src/shared/bridge-api/connect-api.ts'
import type { BridgeState, ClientState } from '../../src/shared/state/bridge-state.ts'
import { runSovereign, type SovereignProcess } from './sovereign-process.ts'
import { type Sshd, type SshdOptions, startSshd } from './start-sshd.ts'
import { type FakeCopilot, type FakeCopilotOptions, startFakeCopilot } from './upstreams/fake-copilot.ts'
import { type FakeGithub, type FakeGithubOptions, startFakeGithub } from './upstreams/fake-github.ts'
import { type FakeOpenrouter, startFakeOpenrouter } from './upstreams/fake-openrouter.ts'

export interface ChainOptions {
  /** The client machines; each gets an sshd of its own. */
  readonly clients?: readonly (string | ClientOptions)[]
  readonly copilot?: FakeCopilotOptions
  readonly github?: FakeGithubOptions
  readonly signedIn?: boolean
  readonly relayEnv?: Readonly<Record<string, string>>
  /** Further arguments of `sovereign bridge`. */
  readonly bridgeArgs?: readonly string[]
  /** Port on the first client machine, when nobody has it. */
  readonly preferredPort?: number
  /** Runs when every host is up, and before the relay and the bridge are started. */
  readonly prepare?: (chain: Chain) => Promise<void>
  /** Told as each part comes up. */
  readonly onStep?: (step: ChainStep) => void
  /** Runs `sovereign` in another way, such as from a bundle. */
  readonly command?: readonly string[]
}

export interface ClientOptions {
  readonly name: string
  readonly sshd?: Omit<SshdOptions, 'teardown'>
  /** Lines for this host in the SSH configuration of the bridge; they win over the usual ones. */
  readonly sshConfig?: readonly string[]
}

export interface ChainStep {
  readonly part: 'upstreams' | 'client-host' | 'relay-host' | 'relay' | 'bridge'
  readonly place: string
}

export interface ChainClient {
  readonly name: string
  readonly sshd: Sshd
  /** Where the client machine finds the relay, on its own loopback. */
  readonly url: string
  readonly port: number
}

/**
 * The whole way on one machine, of real parts but for the upstreams: real sshd for every host, `sovereign relay`
 * and `sovereign bridge` as processes of their own, each with a home folder of its own.
 */
export interface Chain extends ChainHosts {
  relay(): SovereignProcess
  bridge(): SovereignProcess
  startRelay(): Promise<void>
  startBridge(): Promise<void>
  /** Attaches to the running bridge as the tray app would; ended by `close`. */
  api(): Promise<BridgeConnection>
  /** The newest state that the bridge has published. */
  state(): BridgeState
  /** Every state that the running bridge has published. */
  states(): BridgeState[]
  /** Waits until the bridge is in such a state. */
  bridgeState(accept: (state: BridgeState) => boolean, what: string, timeoutMs?: number): Promise<BridgeState>
  /** Waits until every path is proven. */
  connected(timeoutMs?: number): Promise<BridgeState>
  client(name: string): ChainClient
  /** Runs a command on a client machine over ssh, as its user would type it. */
  onClient(name: string, command: string, options?: RunOptions): Promise<RunResult>
  close(): Promise<void>
}

interface Upstreams {
  readonly github: FakeGithub
  readonly copilot: FakeCopilot
  readonly openrouter: FakeOpenrouter
  readonly openrouterKey: string
}

interface ChainHosts extends Upstreams {
  /** Holds `relay/` and `bridge/`, the home folders of the two. */
  readonly dir: string
  readonly relayHost: Sshd
  readonly relayPort: number
  readonly clients: readonly ChainClient[]
  /** Port of the bridge on this computer. */
  readonly agentPort: number
  /** As for `ssh -F`; aliases are the client names and `relay-host`. */
  readonly sshConfigFile: string
  readonly settingsFile: string
  readonly relayEnv: Readonly<Record<string, string>>
  readonly bridgeEnv: Readonly<Record<string, string>>
}

export interface RunOptions {
  readonly stdin?: string
  readonly onOutput?: (text: string) => void
  readonly timeoutMs?: number
}

export interface RunResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

type Closers = (() => Promise<unknown>)[]

export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const closers: Closers = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const hosts = await prepareHosts(options, closers)
    const chain = chainOn(hosts, options, closers, close)
    await options.prepare?.(chain)
    await chain.startRelay()
    await chain.startBridge()
    return chain
  } catch (error) {
    await close()
    throw error
  }
}

async function prepareHosts(options: ChainOptions, closers: Closers): Promise<ChainHosts> {
  const dir = await mkdtemp(join(tmpdir(), 'sovereign-chain-'))
  closers.push(() => rm(dir, { recursive: true, force: true }))
  const upstreams = await startUpstreams(options, closers)
  const clients = await startClients(options, closers)
  const relayHost = await startSshd()
  closers.push(() => relayHost.close())
  options.onStep?.({ part: 'relay-host', place: `relay-host, sshd on port ${relayHost.port}` })

  const relayPort = await freePort(0)
  const relayEnv = await prepareRelay(join(dir, 'relay'), relayPort, upstreams, options)
  const bridgeHome = join(dir, 'bridge')
  await mkdir(join(bridgeHome, 'run'), { recursive: true, mode: 0o700 })
  const sshConfigFile = join(dir, 'ssh_config')
  const extra = new Map(clientOptions(options).map(({ name, sshConfig = [] }) => [name, sshConfig]))
  const blocks = clients.map(({ name, sshd }) => hostBlock(name, sshd, extra.get(name)))
  await writeFile(sshConfigFile, [...blocks, hostBlock('relay-host', relayHost)].join('\n'))
  const agentPort = await freePort(0)
  const settingsFile = join(dir, 'settings.json')
  const profile = {
    relay: { ssh: 'relay-host', port: relayPort, adminSocket: join(dir, 'relay/data/admin.sock') },
    clients: clients.map(({ name, port }) => ({ name, ssh: name, listen: `127.0.0.1:${port}` })),
    agent: { listen: `127.0.0.1:${agentPort}` },
  }
  await writeFile(settingsFile, JSON.stringify({ version: 1, profiles: [profile] }))
  return {
    ...upstreams,
    ...{ dir, relayHost, relayPort, clients, agentPort, sshConfigFile, settingsFile, relayEnv },
    bridgeEnv: { ...homeIn(bridgeHome), SSH_AUTH_SOCK: '' },
  }
}

async function startUpstreams(options: ChainOptions, closers: Closers): Promise<Upstreams> {
  const openrouterKey = `sk-or-v1-${'7'.repeat(64)}`
  const good = { token: (_token: string): boolean => false }
  const copilot = await startFakeCopilot({ isTokenValid: (token) => good.token(token), ...options.copilot })
  closers.push(() => copilot.close())
  const github = await startFakeGithub({ copilotApiUrl: copilot.url, ...options.github })
  closers.push(() => github.close())
  good.token = (token) => github.copilotTokens.has(token) || github.isUserToken(token)
  const openrouter = await startFakeOpenrouter({ apiKey: openrouterKey })
  closers.push(() => openrouter.close())
  options.onStep?.({
    part: 'upstreams',
    place: `GitHub ${github.url}, Copilot ${copilot.url}, OpenRouter ${openrouter.url}`,
  })
  return { github, copilot, openrouter, openrouterKey }
}

async function startClients(options: ChainOptions, closers: Closers): Promise<ChainClient[]> {
  const clients: ChainClient[] = []
  for (const { name, sshd: sshdOptions } of clientOptions(options)) {
    const sshd = await startSshd(sshdOptions)
    closers.push(() => sshd.close())
    const port = await freePort(clients.length === 0 ? (options.preferredPort ?? 0) : 0)
    clients.push({ name, sshd, port, url: `http://127.0.0.1:${port}` })
    options.onStep?.({ part: 'client-host', place: `${name}, sshd on port ${sshd.port}` })
  }
  return clients
}

function clientOptions({ clients = ['vm'] }: ChainOptions): ClientOptions[] {
  return clients.map((client) => (typeof client === 'string' ? { name: client } : client))
}

/** @returns the environment of the relay. */
async function prepareRelay(
  home: string,
  port: number,
  { github, openrouter, openrouterKey }: Upstreams,
  options: ChainOptions,
): Promise<Record<string, string>> {
  const env = homeIn(home)
  await mkdir(home)
  const credentials = { github_oauth_token: github.oauthToken, openrouter_api_key: openrouterKey }
  const config = { ...(options.signedIn === false ? {} : credentials), copilot: { identity: 'vscode' } }
  await writeFile(join(home, 'config.json'), JSON.stringify(config), { mode: 0o600 })
  return {
    ...env,
    RELAY_PORT: String(port),
    GITHUB_BASE_URL: github.url,
    GITHUB_API_BASE_URL: github.url,
    OPENROUTER_BASE_URL: openrouter.url,
    ...options.relayEnv,
  }
}

function chainOn(
  hosts: ChainHosts,
  options: ChainOptions,
  closers: Closers,
  close: () => Promise<void>,
): Chain {
  const { settingsFile, sshConfigFile, bridgeEnv, relayEnv } = hosts
  let relay: SovereignProcess | undefined
  let bridge: SovereignProcess | undefined
  closers.push(async () => {
    await bridge?.stop()
    await relay?.stop()
  })
  const theBridge = (): SovereignProcess => started(bridge, 'bridge')
  const chain: Chain = {
    ...hosts,
    relay: () => started(relay, 'relay'),
    bridge: theBridge,
    startRelay: async () => {
      relay = runSovereign(['relay'], relayEnv, options.command)
      await relay.line((line) => (line.startsWith('Relay on') ? true : undefined), 'the relay to listen')
      options.onStep?.({ part: 'relay', place: `127.0.0.1:${hosts.relayPort} on relay-host` })
    },
    startBridge: async () => {
      const args = ['--config', settingsFile, '--ssh-config', sshConfigFile, '--json']
      bridge = runSovereign(['bridge', ...args, ...(options.bridgeArgs ?? [])], bridgeEnv, options.command)
      await bridge.line(stateIn, 'the first state of the bridge')
      options.onStep?.({ part: 'bridge', place: 'this computer' })
    },
    api: async () => {
      const api = await connectBridge({ env: bridgeEnv })
      closers.push(async () => api.close())
      return api
    },
    state: () => theBridge().newest(stateIn) ?? fail('The bridge has published no state.'),
    states: () =>
      theBridge()
        .stdout()
        .split('\n')
        .map(stateIn)
        .filter((state) => state !== undefined),
    bridgeState: async (accept, what, timeoutMs) => {
      const process = theBridge()
      const newest = process.newest(stateIn)
      if (newest !== undefined && accept(newest)) return newest
      const find = (line: string): BridgeState | undefined => {
        const state = stateIn(line)
        return state !== undefined && accept(state) ? state : undefined
      }
      const limit = timeoutMs === undefined ? {} : { timeoutMs }
      return process.line(find, what, { from: process.mark(), ...limit })
    },
    connected: (timeoutMs) =>
      chain.bridgeState((state) => state.clients.every(isProven), 'a proven path to every client', timeoutMs),
    client: (name) =>
      hosts.clients.find((client) => client.name === name) ?? fail(`There is no client ${name}.`),
    onClient: (name, command, run) => runOver(['-F', sshConfigFile, name, command], run),
    close,
  }
  return chain
}

function started(process: SovereignProcess | undefined, what: string): SovereignProcess {
  return process ?? fail(`The ${what} was not started.`)
}

function fail(message: string): never {
  throw new Error(message)
}

function isProven({ path }: ClientState): boolean {
  return path.kind === 'proven'
}

function stateIn(line: string): BridgeState | undefined {
  if (!line.startsWith('{"event":"state"')) return undefined
  try {
    return (JSON.parse(line) as { payload: BridgeState }).payload
  } catch {
    // The last line may still be on its way.
    return undefined
  }
}

/** Nothing of the real user's is read or written. */
function homeIn(folder: string): Record<string, string> {
  return {
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_RUNTIME_DIR: join(folder, 'run'),
    DBUS_SESSION_BUS_ADDRESS: '',
    SOVEREIGN_RUNTIME_DIR: join(folder, 'run'),
    SOVEREIGN_DATA_DIR: join(folder, 'data'),
    CONFIG_PATH: join(folder, 'config.json'),
  }
}

function hostBlock(alias: string, sshd: Sshd, extra: readonly string[] = []): string {
  return [
    `Host ${alias}`,
    ...extra.map((line) => `  ${line}`),
    `  HostName ${sshd.host}`,
    `  Port ${sshd.port}`,
    `  User ${sshd.userName}`,
    `  IdentityFile ${sshd.clientKeyFile}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${sshd.knownHostsFile}`,
    '  StrictHostKeyChecking yes',
    '',
  ].join('\n')
}

/** `preferred` when nobody has it. */
async function freePort(preferred: number): Promise<number> {
  const tryPort = (port: number): Promise<number | undefined> =>
    new Promise((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(undefined))
      server.listen(port, '127.0.0.1', () => {
        const address = server.address()
        server.close(() =>
          resolve(address !== null && typeof address === 'object' ? address.port : undefined),
        )
      })
    })
  const port = (preferred === 0 ? undefined : await tryPort(preferred)) ?? (await tryPort(0))
  if (port === undefined) throw new Error('There is no free port on 127.0.0.1.')
  return port
}

function runOver(
  args: readonly string[],
  { stdin = '', onOutput, timeoutMs = 60_000 }: RunOptions = {},
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { timeout: timeoutMs })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      onOutput?.(text)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
    child.stdin.end(stdin)
  })
}
