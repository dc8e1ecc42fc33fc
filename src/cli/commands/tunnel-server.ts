import { once } from 'node:events'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { createAddressPolicy } from '../../node/address-policy/address-policy.ts'
import { dial } from '../../node/address-policy/dial.ts'
import { type OwnListener, objectionToSelf } from '../../node/address-policy/own-listener.ts'
import { REAL_AMBIENT } from '../../node/ambient.ts'
import { giveMemoryBack } from '../../node/give-memory-back.ts'
import { createForgetfulLogger } from '../../node/log.ts'
import { resetWhenDestroyed } from '../../node/reset-socket.ts'
import { collectLess } from '../../node/tunnel/collect-less.ts'
import { type ResolvedConfig, readConfig } from '../../tunnel-server/config.ts'
import type { Dial } from '../../tunnel-server/serve-context.ts'
import { startTunnelServer, type TunnelServer } from '../../tunnel-server/server.ts'
import { whenReaderLeaves } from '../process-manners.ts'

interface Options {
  readonly config?: string
  readonly listenAddr?: string
  readonly listenPort?: string
  readonly maxConnections?: string
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
  readonly logLevel?: string
}

/** `sovereign tunnel-server`: the other end of the tunnel, until it is asked to stop. */
export function tunnelServerCommand(): Command {
  return new Command('tunnel-server')
    .description('serve agents that come with a certificate, and connect them to the internet')
    .option('-c, --config <file>', 'configuration in YAML (FLUIDITY_<KEY> for single keys)')
    .option('--listen-addr <address>', 'address to listen on')
    .option('--listen-port <port>', 'port to listen on; 0 takes any free one')
    .option('--max-connections <count>', 'agents at the same time')
    .option('--cert <file>', 'certificate of the server in PEM (CERT_PEM holds its text)')
    .option('--key <file>', 'its private key in PEM (KEY_PEM)')
    .option('--ca <file>', 'the authority that signs the certificates of agents (CA_PEM)')
    .option('--log-level <level>', 'debug, info, warn, error or silent')
    .action(run)
}

async function run(options: Options): Promise<void> {
  const read = (): Promise<ResolvedConfig> => readConfig(options.config, process.env, given(options))
  const config = await read()
  const log = createForgetfulLogger('tunnel-server', config.log_level)
  collectLess()
  giveMemoryBack()
  const starting: Promise<TunnelServer> = startTunnelServer({
    host: config.listen_addr,
    port: config.listen_port,
    tls: config.tls,
    readAllow: async () => (await read()).allow,
    alsoWatch: options.config === undefined ? [] : [options.config],
    dial: dialInternet(config.allow_private, async () => (await starting).ownListeners),
    ambient: REAL_AMBIENT,
    log,
    maxConnections: config.max_connections,
    maxStreams: config.max_streams,
    health: config.health_port === 0 ? undefined : { host: config.health_addr, port: config.health_port },
    cloudWatch: config.emit_metrics
      ? { ...config.metrics, intervalMs: config.metrics_interval * 1000, write: (line) => console.log(line) }
      : undefined,
  })
  const server = await starting
  console.log(startLine(server, config))
  await untilStopped(server, config.drain_seconds * 1000)
}

function given(options: Options): Record<string, unknown> {
  const number = (text: string | undefined): unknown => (/^\d+$/.test(text ?? '') ? Number(text) : text)
  const entries = {
    listen_addr: options.listenAddr,
    listen_port: number(options.listenPort),
    max_connections: number(options.maxConnections),
    cert_file: absolute(options.cert),
    key_file: absolute(options.key),
    ca_cert_file: absolute(options.ca),
    log_level: options.logLevel,
  }
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined))
}

/** What is typed counts from where it is typed, not from the folder of the configuration. */
function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path)
}

function dialInternet(
  allowPrivate: readonly string[],
  ownListeners: () => Promise<readonly OwnListener[]>,
): Dial {
  const policy = createAddressPolicy(allowPrivate)
  return async (target, signal) => {
    const listeners = await ownListeners()
    const objection = objectionToSelf('The tunnel server', () => listeners)
    return resetWhenDestroyed(await dial(target, { policy, objection }, signal))
  }
}

function startLine(server: TunnelServer, config: ResolvedConfig): string {
  const place = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
  const { healthPort } = server
  const health = healthPort === undefined ? '' : `, health on http://${place(config.health_addr, healthPort)}`
  return `Tunnel server on ${place(server.host, server.port)} for ${config.allow.join(', ')}${health}`
}

/** The first signal drains, the second cuts; SIGHUP has certificates and rules read again. */
async function untilStopped(server: TunnelServer, drainMs: number): Promise<void> {
  const stop = new AbortController()
  const onSignal = (): void => {
    if (stop.signal.aborted) void server.close(0)
    stop.abort()
  }
  const onHangup = (): void => void (process.stdout.isTTY ? onSignal() : server.reload())
  whenReaderLeaves(() => stop.abort())
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangup)
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  await server.close(drainMs)
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangup)
}
