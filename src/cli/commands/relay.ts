import { once } from 'node:events'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { createLogger } from '../../node/log.ts'
import { defaultRelayConfigPath, defaultRelayDataDir } from '../../node/relay-paths.ts'
import { ConfigFile } from '../../relay/config/config-file.ts'
import { resolveListen } from '../../relay/config/relay-settings.ts'
import { type Relay, startRelay } from '../../relay/relay.ts'
import { saveMemory } from '../../relay/save-memory.ts'
import { ownName } from '../own-name.ts'
import { whenReaderLeaves } from '../process-manners.ts'
import { relayBundleCommand } from './relay-bundle.ts'
import { relayClientsCommand } from './relay-clients.ts'
import { relayInstallCommands } from './relay-install.ts'
import { relayLimitsCommand } from './relay-limits.ts'
import { relayLoginCommand, relayLogoutCommand, relayStatusCommand } from './relay-login.ts'
import { relayProvidersCommand } from './relay-providers.ts'

interface RelayOptions {
  readonly config?: string
  readonly dataDir?: string
  readonly port?: string
  readonly host?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsClientCa?: string
}

/** `sovereign relay`, alone: runs the relay until it is asked to stop. Below it: everything about a running one. */
export function relayCommand(): Command {
  const command = new Command('relay')
    .description('hold the Copilot and OpenRouter credentials and forward to them')
    // What stands behind a subcommand belongs to it, also where the relay has an option of that name.
    .enablePositionalOptions()
    .option('--config <file>', `config.json (CONFIG_PATH; default: ${defaultRelayConfigPath(process.env)})`)
    .option(
      '--data-dir <folder>',
      `for usage, bundles and the admin socket (SOVEREIGN_DATA_DIR; default: ${defaultRelayDataDir(process.env)})`,
    )
    .option('--port <port>', 'port to listen on (RELAY_PORT)', portText)
    .option('--host <address>', 'address to listen on (RELAY_HOST)')
    .option('--tls-cert <file>', 'certificate chain in PEM; makes it https (RELAY_TLS_CERT)')
    .option('--tls-key <file>', 'its private key in PEM (RELAY_TLS_KEY)')
    .option('--tls-client-ca <file>', 'ask clients for a certificate of this CA (RELAY_TLS_CLIENT_CA)')
    .allowExcessArguments(true)
    .action((options: RelayOptions, command: Command) => {
      const [unknown] = command.args
      if (unknown !== undefined) command.error(`error: unknown command '${unknown}' of "${ownName()} relay"`)
      return run(options)
    })
  for (const part of [
    relayLoginCommand(),
    relayStatusCommand(),
    relayLogoutCommand(),
    relayClientsCommand(),
    relayLimitsCommand(),
    relayProvidersCommand(),
    ...relayInstallCommands(),
    relayBundleCommand(),
  ])
    command.addCommand(part)
  return command
}

/** Port 0 takes any free one. */
function portText(text: string): string {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('A port is a number from 1 to 65535; 0 takes any free one.')
  return text
}

async function run(options: RelayOptions): Promise<void> {
  const env: Readonly<Record<string, string | undefined>> = {
    ...process.env,
    ...(options.port === undefined ? {} : { RELAY_PORT: options.port }),
    ...(options.host === undefined ? {} : { RELAY_HOST: options.host }),
    ...(options.tlsCert === undefined ? {} : { RELAY_TLS_CERT: options.tlsCert }),
    ...(options.tlsKey === undefined ? {} : { RELAY_TLS_KEY: options.tlsKey }),
    ...(options.tlsClientCa === undefined ? {} : { RELAY_TLS_CLIENT_CA: options.tlsClientCa }),
  }
  const dataDir = resolve(options.dataDir ?? defaultRelayDataDir(env))
  const configPath = options.config === undefined ? defaultRelayConfigPath(env) : resolve(options.config)
  // The relay reads it again and reports what is odd about it.
  const { config } = await ConfigFile.open(configPath, createLogger('relay', 'silent'))
  const listen = resolveListen(config, env)
  saveMemory()
  const relay = await startRelay({ configPath, dataDir, listen, env })
  const { host, port } = relay.address ?? listen
  const stop = new AbortController()
  whenReaderLeaves(() => stop.abort())
  const scheme = relay.isEncrypted ? 'https' : 'http'
  console.log(`Relay on ${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}, config ${configPath}`)
  await untilStopped(relay, stop)
}

/** The first signal drains, the second cuts. */
async function untilStopped(relay: Relay, stop: AbortController): Promise<void> {
  const onSignal = (): void => {
    if (stop.signal.aborted) void relay.close(0)
    stop.abort()
  }
  // Without a terminal that could have been closed it is the usual word for "look at your files again".
  const onHangup = (): void => void (process.stdout.isTTY ? onSignal() : relay.renewCertificate())
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangup)
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  await relay.close()
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangup)
}
