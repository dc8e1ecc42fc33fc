import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { accepts, type Sshd, type SshdOptions, startSshd } from './start-sshd.ts'
import { type FakeCopilot, type FakeCopilotOptions, startFakeCopilot } from './upstreams/fake-copilot.ts'
import { type FakeGithub, type FakeGithubOptions, startFakeGithub } from './upstreams/fake-github.ts'
import { type FakeOpenrouter, startFakeOpenrouter } from './upstreams/fake-openrouter.ts'

export interface HostsOptions {
  /** The client machines; each gets an sshd of its own. */
  readonly clients?: readonly (string | ClientOptions)[]
  readonly copilot?: FakeCopilotOptions
  readonly github?: FakeGithubOptions
  readonly signedIn?: boolean
  readonly relayEnv?: Readonly<Record<string, string>>
  /** Port on the first client machine, when nobody has it. */
  readonly preferredPort?: number
  /** Told as each part comes up. */
  readonly onStep?: (step: ChainStep) => void
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

interface Upstreams {
  readonly github: FakeGithub
  readonly copilot: FakeCopilot
  readonly openrouter: FakeOpenrouter
  readonly openrouterKey: string
}

/** All that the relay and the bridge need, and neither of them. */
export interface ChainHosts extends Upstreams {
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

/** What has to be undone, the last one first. */
export type Closers = (() => Promise<unknown>)[]

/** Brings up the upstreams and every host, and writes the configuration of the relay and the bridge. */
export async function prepareHosts(options: HostsOptions, closers: Closers): Promise<ChainHosts> {
  const dir = await mkdtemp(join(tmpdir(), 'sovereign-chain-'))
  closers.push(() => rm(dir, { recursive: true, force: true }))
  const upstreams = await startUpstreams(options, closers)
  const clients = await startClients(options, closers)
  const relayHost = await startSshd()
  closers.push(() => relayHost.close())
  options.onStep?.({ part: 'relay-host', place: `relay-host, sshd on port ${relayHost.port}` })

  const relayPort = await freePort()
  const relayEnv = await prepareRelay(join(dir, 'relay'), relayPort, upstreams, options)
  const bridgeHome = join(dir, 'bridge')
  await mkdir(join(bridgeHome, 'run'), { recursive: true, mode: 0o700 })
  const sshConfigFile = join(dir, 'ssh_config')
  const extra = new Map(clientOptions(options).map(({ name, sshConfig = [] }) => [name, sshConfig]))
  const blocks = clients.map(({ name, sshd }) => hostBlock(name, sshd, extra.get(name)))
  await writeFile(sshConfigFile, [...blocks, hostBlock('relay-host', relayHost)].join('\n'))
  const agentPort = await freePort()
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

async function startUpstreams(options: HostsOptions, closers: Closers): Promise<Upstreams> {
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

async function startClients(options: HostsOptions, closers: Closers): Promise<ChainClient[]> {
  const clients: ChainClient[] = []
  for (const { name, sshd: sshdOptions } of clientOptions(options)) {
    const sshd = await startSshd(sshdOptions)
    closers.push(() => sshd.close())
    const port = await portFor(clients.length === 0 ? options.preferredPort : undefined)
    clients.push({ name, sshd, port, url: `http://127.0.0.1:${port}` })
    options.onStep?.({ part: 'client-host', place: `${name}, sshd on port ${sshd.port}` })
  }
  return clients
}

function clientOptions({ clients = ['vm'] }: HostsOptions): ClientOptions[] {
  return clients.map((client) => (typeof client === 'string' ? { name: client } : client))
}

/** @returns the environment of the relay. */
async function prepareRelay(
  home: string,
  port: number,
  { github, openrouter, openrouterKey }: Upstreams,
  options: HostsOptions,
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
async function portFor(preferred: number | undefined): Promise<number> {
  if (preferred === undefined) return freePort()
  return (await accepts('127.0.0.1', preferred)) ? freePort() : preferred
}
