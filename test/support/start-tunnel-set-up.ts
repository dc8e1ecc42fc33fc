import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import { type BridgeProcess, isListening, startBridgeProcess } from './bridge-process.ts'
import { freePort } from './free-port.ts'
import { runSovereign, type SovereignProcess } from './sovereign-process.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/sovereign.js', import.meta.url))

export interface TunnelSetUpOptions {
  /** Of this machine: where CONNECT may lead. */
  readonly connectPorts: readonly number[]
  /** The way out for everything; `mtls` unless told. */
  readonly use?: 'direct' | 'mtls'
  readonly protocol?: 'h2' | 'envelopes'
  readonly preferredPort?: number
  readonly onStep?: (step: TunnelStep) => void
}

export interface TunnelStep {
  readonly part: 'authority' | 'server' | 'bridge'
  readonly text: string
}

/**
 * A certificate authority, a tunnel server and a bridge as somebody sets them up on one machine: every part is the real
 * `sovereign`. The bridge starts the server with the first request, and stops it.
 */
export interface TunnelSetUp {
  /** Of the proxy: `http://127.0.0.1:port` */
  readonly url: string
  readonly port: number
  readonly dir: string
  readonly bridge: SovereignProcess
  /** Health and metrics of the tunnel server. */
  readonly healthUrl: string
  /** The newest state that fits, once there is one. */
  state(fits: (state: BridgeState) => boolean, what: string): Promise<BridgeState>
  /** Another bridge with the same settings, once the one before is gone. */
  startAgain(): Promise<void>
  /** Ends the bridge as Ctrl-C does, and with it the server. */
  close(): Promise<void>
}

export async function startTunnelSetUp(options: TunnelSetUpOptions): Promise<TunnelSetUp> {
  const dir = await mkdtemp(join(tmpdir(), 'tunnel-'))
  try {
    return await setUp(dir, options)
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

async function setUp(dir: string, options: TunnelSetUpOptions): Promise<TunnelSetUp> {
  const { connectPorts, onStep, protocol = 'h2', use = 'mtls' } = options
  const certs = join(dir, 'certs')
  for (const args of [['init'], ['issue', '--server'], ['issue', 'laptop', '--agent']])
    await ran(['certs', ...args, '--dir', certs])
  onStep?.({ part: 'authority', text: 'with a certificate for the server and one for the agent "laptop"' })

  const [port, serverPort, healthPort] = [
    options.preferredPort ?? (await freePort()),
    await freePort(),
    await freePort(),
  ]
  const serverFile = join(dir, 'server.yaml')
  await writeFile(serverFile, serverConfig(certs, serverPort, healthPort))
  onStep?.({ part: 'server', text: `will be at 127.0.0.1:${serverPort}, and is asleep` })

  const agent = join(certs, 'issued/laptop')
  const mtls = {
    server: `127.0.0.1:${serverPort}`,
    ...{ ca: join(certs, 'ca.pem'), cert: join(agent, 'cert.pem'), key: join(agent, 'key.pem') },
    protocol,
    control: { kind: 'process', command: [process.execPath, PROGRAM, 'tunnel-server', '-c', serverFile] },
  }
  const egress = { use, allowPrivate: ['127.0.0.0/8'], connectPorts, mtls }
  const settings = { agent: { listen: `127.0.0.1:${port}` }, egress }
  let bridge = await startBridge(dir, settings)
  onStep?.({ part: 'bridge', text: `is a proxy at http://127.0.0.1:${port}` })
  return {
    ...{ url: `http://127.0.0.1:${port}`, port, dir, healthUrl: `http://127.0.0.1:${healthPort}` },
    get bridge() {
      return bridge.process
    },
    state: (fits, what) => bridge.state(fits, what),
    startAgain: async () => {
      bridge = await startBridge(dir, settings)
    },
    close: async () => {
      await bridge.process.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function startBridge(dir: string, settings: Readonly<Record<string, unknown>>): Promise<BridgeProcess> {
  const bridge = await startBridgeProcess({ dir, settings })
  await bridge.state(isListening, 'the proxy to listen')
  return bridge
}

function serverConfig(certs: string, port: number, healthPort: number): string {
  const server = join(certs, 'issued/sovereign-tunnel-server')
  return [
    'listen_addr: 127.0.0.1',
    `listen_port: ${port}`,
    `health_port: ${healthPort}`,
    `cert_file: ${join(server, 'cert.pem')}`,
    `key_file: ${join(server, 'key.pem')}`,
    `ca_cert_file: ${join(certs, 'ca.pem')}`,
    `crl_file: ${join(certs, 'crl.pem')}`,
    'allow: ["sovereign://agent/*"]',
    // The internet is not reachable from everywhere, so what is looked at may lie on this machine.
    'allow_private: ["127.0.0.0/8"]',
    '',
  ].join('\n')
}

async function ran(args: readonly string[]): Promise<void> {
  const command = runSovereign(args, {})
  const code = await command.finished
  if (code !== 0) throw new Error(`sovereign ${args.join(' ')} ended with ${code}:\n${command.stderr()}`)
}
