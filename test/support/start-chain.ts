import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BridgeState, ClientState } from '../../src/shared/state/bridge-state.ts'
import { runSovereign, type SovereignProcess } from './sovereign-process.ts'
import { type Sshd, startSshd } from './start-sshd.ts'
import { type FakeCopilot, type FakeCopilotOptions, startFakeCopilot } from './upstreams/fake-copilot.ts'
import { type FakeGithub, startFakeGithub } from './upstreams/fake-github.ts'
import { type FakeOpenrouter, startFakeOpenrouter } from './upstreams/fake-openrouter.ts'

export interface ChainOptions {
  /** Names of the client machines; each gets an sshd of its own. */
  readonly clients?: readonly string[]
  readonly copilot?: FakeCopilotOptions
  readonly signedIn?: boolean
  /** Told as each part comes up. */
  readonly onStep?: (step: ChainStep) => void
  /** Runs `sovereign` in another way, such as from a bundle. */
  readonly command?: readonly string[]
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
export interface Chain {
  readonly dir: string
  readonly github: FakeGithub
  readonly copilot: FakeCopilot
  readonly openrouter: FakeOpenrouter
  readonly openrouterKey: string
  readonly relayHost: Sshd
  readonly relayPort: number
  readonly clients: readonly ChainClient[]
  /** As for `ssh -F`; aliases are the client names and `relay-host`. */
  readonly sshConfigFile: string
  readonly relayEnv: Readonly<Record<string, string>>
  readonly bridgeEnv: Readonly<Record<string, string>>
  relay(): SovereignProcess
  bridge(): SovereignProcess
  startRelay(): Promise<void>
  startBridge(): Promise<void>
  /** Waits until the bridge publishes such a state. */
  bridgeState(accept: (state: BridgeState) => boolean, what: string, timeoutMs?: number): Promise<BridgeState>
  /** Waits until every path is proven. */
  connected(timeoutMs?: number): Promise<BridgeState>
  /** Runs a command on a client machine over ssh, as its user would type it. */
  onClient(name: string, command: string, options?: RunOptions): Promise<RunResult>
  close(): Promise<void>
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

export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    return await build(options, closers, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function build(
  options: ChainOptions,
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<Chain> {
  const { onStep = () => undefined, clients: names = ['vm'] } = options
  const dir = await mkdtemp(join(tmpdir(), 'sovereign-chain-'))
  closers.push(() => rm(dir, { recursive: true, force: true }))

  const openrouterKey = `sk-or-v1-${'7'.repeat(64)}`
  const good = { token: (_token: string): boolean => false }
  const copilot = await startFakeCopilot({ isTokenValid: (token) => good.token(token), ...options.copilot })
  closers.push(() => copilot.close())
  const github = await startFakeGithub({ copilotApiUrl: copilot.url })
  closers.push(() => github.close())
  good.token = (token) => github.copilotTokens.has(token) || github.isUserToken(token)
  const openrouter = await startFakeOpenrouter({ apiKey: openrouterKey })
  closers.push(() => openrouter.close())
  onStep({
    part: 'upstreams',
    place: `GitHub ${github.url}, Copilot ${copilot.url}, OpenRouter ${openrouter.url}`,
  })

  const clients: ChainClient[] = []
  for (const name of names) {
    const sshd = await startSshd()
    closers.push(() => sshd.close())
    const port = await freePort(clients.length === 0 ? 8080 : 0)
    clients.push({ name, sshd, port, url: `http://127.0.0.1:${port}` })
    onStep({ part: 'client-host', place: `${name}, sshd on port ${sshd.port}` })
  }
  const relayHost = await startSshd()
  closers.push(() => relayHost.close())
  onStep({ part: 'relay-host', place: `relay-host, sshd on port ${relayHost.port}` })

  const relayPort = await freePort(0)
  const relayHome = join(dir, 'relay')
  const relayConfig = join(relayHome, 'config.json')
  await mkdir(relayHome)
  await writeFile(
    relayConfig,
    JSON.stringify({
      ...(options.signedIn === false
        ? {}
        : { github_oauth_token: github.oauthToken, openrouter_api_key: openrouterKey }),
      copilot: { identity: 'vscode' },
    }),
    { mode: 0o600 },
  )
  const relayEnv = {
    ...homeIn(relayHome),
    CONFIG_PATH: relayConfig,
    SOVEREIGN_DATA_DIR: join(relayHome, 'data'),
    RELAY_PORT: String(relayPort),
    GITHUB_BASE_URL: github.url,
    GITHUB_API_BASE_URL: github.url,
    OPENROUTER_BASE_URL: openrouter.url,
  }
  const bridgeHome = join(dir, 'bridge')
  const bridgeEnv = { ...homeIn(bridgeHome), SSH_AUTH_SOCK: '' }
  await mkdir(join(bridgeHome, 'run'), { recursive: true, mode: 0o700 })
  const sshConfigFile = join(dir, 'ssh_config')
  await writeFile(
    sshConfigFile,
    [...clients.map(({ name, sshd }) => hostBlock(name, sshd)), hostBlock('relay-host', relayHost)].join(
      '\n',
    ),
  )
  const settingsFile = join(dir, 'settings.json')
  await writeFile(
    settingsFile,
    JSON.stringify({
      version: 1,
      profiles: [
        {
          relay: { ssh: 'relay-host', port: relayPort, adminSocket: join(relayHome, 'data/admin.sock') },
          clients: clients.map(({ name, port }) => ({ name, ssh: name, listen: `127.0.0.1:${port}` })),
          agent: { listen: `127.0.0.1:${await freePort(0)}` },
        },
      ],
    }),
  )

  let relay: SovereignProcess | undefined
  let bridge: SovereignProcess | undefined
  closers.push(async () => {
    await bridge?.stop()
    await relay?.stop()
  })

  const started = (process: SovereignProcess | undefined, what: string): SovereignProcess => {
    if (process === undefined) throw new Error(`The ${what} was not started.`)
    return process
  }
  const chain: Chain = {
    ...{
      dir,
      github,
      copilot,
      openrouter,
      openrouterKey,
      relayHost,
      relayPort,
      clients,
      sshConfigFile,
      relayEnv,
      bridgeEnv,
    },
    relay: () => started(relay, 'relay'),
    bridge: () => started(bridge, 'bridge'),
    startRelay: async () => {
      relay = runSovereign(['relay'], relayEnv, options.command)
      await relay.line((line) => (line.startsWith('Relay on') ? true : undefined), 'the relay to listen')
      onStep({ part: 'relay', place: `127.0.0.1:${relayPort} on relay-host` })
    },
    startBridge: async () => {
      bridge = runSovereign(
        ['bridge', '--config', settingsFile, '--ssh-config', sshConfigFile, '--json'],
        bridgeEnv,
        options.command,
      )
      await bridge.line(stateIn, 'the first state of the bridge')
      onStep({ part: 'bridge', place: 'this computer' })
    },
    bridgeState: (accept, what, timeoutMs) =>
      started(bridge, 'bridge').line(
        (line) => {
          const state = stateIn(line)
          return state !== undefined && accept(state) ? state : undefined
        },
        what,
        timeoutMs,
      ),
    connected: (timeoutMs) =>
      chain.bridgeState(
        ({ clients: all }) => all.every(isProven),
        'a proven path to every client',
        timeoutMs,
      ),
    onClient: (name, command, run) => runOver(['-F', sshConfigFile, name, command], run),
    close,
  }
  await chain.startRelay()
  await chain.startBridge()
  return chain
}

function isProven({ path }: ClientState): boolean {
  return path.kind === 'proven'
}

function stateIn(line: string): BridgeState | undefined {
  if (!line.startsWith('{"event":"state"')) return undefined
  return (JSON.parse(line) as { payload: BridgeState }).payload
}

/** Nothing of the real user's is read or written. */
function homeIn(folder: string): Record<string, string> {
  return {
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_RUNTIME_DIR: join(folder, 'run'),
    DBUS_SESSION_BUS_ADDRESS: '',
    SOVEREIGN_DATA_DIR: join(folder, 'data'),
    CONFIG_PATH: join(folder, 'config.json'),
  }
}

function hostBlock(alias: string, sshd: Sshd): string {
  return [
    `Host ${alias}`,
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
