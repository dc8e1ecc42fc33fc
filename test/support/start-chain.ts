import { spawn } from 'node:child_process'
import { connectBridge } from '../../src/main/api/api-client.ts'
import type { BridgeConnection } from '../../src/shared/bridge-api/connect-api.ts'
import type { BridgeState, ClientState } from '../../src/shared/state/bridge-state.ts'
import {
  type ChainClient,
  type ChainHosts,
  type Closers,
  type HostsOptions,
  prepareHosts,
} from './chain-hosts.ts'
import { runSovereign, type SovereignProcess } from './sovereign-process.ts'

export interface ChainOptions extends HostsOptions {
  /** Further arguments of `sovereign bridge`. */
  readonly bridgeArgs?: readonly string[]
  /** Runs when every host is up, and before the relay and the bridge are started. */
  readonly prepare?: (chain: Chain) => Promise<void>
  /** Runs `sovereign` in another way, such as from a bundle. */
  readonly command?: readonly string[]
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
