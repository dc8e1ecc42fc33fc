import { once } from 'node:events'
import { Command } from 'commander'
import { type Headless, startHeadless } from '../../main/headless.ts'
import { openBridgeLog } from '../../main/logs/bridge-log.ts'
import { defaultSettingsPath } from '../../main/settings/settings-path.ts'
import { giveMemoryBack } from '../../node/give-memory-back.ts'
import type { Logger } from '../../node/log.ts'
import { settingsJsonSchema } from '../../shared/settings/json-schema.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import { answerOnTerminal } from '../answer-on-terminal.ts'
import { ChangeLines } from '../change-lines.ts'
import { LiveView } from '../live-view.ts'
import { ownName } from '../own-name.ts'
import { whenReaderLeaves } from '../process-manners.ts'

interface Options {
  readonly config?: string
  readonly sshConfig?: string
  readonly json?: true
  readonly printSchema?: true
  readonly verbose?: true
}

/** `sovereign bridge`: the bridge without a window, until it is asked to stop. */
export function bridgeCommand(): Command {
  return new Command('bridge')
    .description('connect client machines to the relay, without a window')
    .option(
      '--config <file>',
      `settings file (default: that of the tray app, ${defaultSettingsPath(process.env)})`,
    )
    .option('--ssh-config <file>', 'read this file instead of ~/.ssh/config')
    .option('--json', 'print every change of state as a line of JSON')
    .option('--print-schema', 'print the JSON Schema of the settings file and exit')
    .option('--verbose', 'log details to standard error')
    .action(run)
}

async function run(options: Options): Promise<void> {
  if (options.printSchema === true) {
    console.log(JSON.stringify(settingsJsonSchema(), null, 2))
    return
  }
  const logs = openBridgeLog({
    verbose: options.verbose === true,
    env: process.env,
    sharesTerminal: process.stdout.isTTY && process.stderr.isTTY && options.json !== true,
  })
  giveMemoryBack()
  const headless = await startHeadless({
    ...(options.config === undefined ? {} : { settingsPath: options.config }),
    ...(options.sshConfig === undefined ? {} : { sshConfigFile: options.sshConfig }),
    env: process.env,
    logs,
  })
  if (options.json !== true) console.log(dashboardLine(headless, process.env))
  const stop = new AbortController()
  whenReaderLeaves(() => stop.abort())
  const stopShowing = show(headless, options, logs.log)
  try {
    await untilStopped(headless, stop)
  } finally {
    stopShowing()
  }
}

/** A link lets its reader in, so it is kept out of what a service manager writes down. */
export function dashboardLine(
  { makeDashboardLink }: Pick<Headless, 'makeDashboardLink'>,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const isService = env.JOURNAL_STREAM !== undefined || env.INVOCATION_ID !== undefined
  const link = makeDashboardLink()
  if (link === undefined)
    return 'Dashboard: not built. Run "npm run build" and start the bridge again to have it.'
  return isService ? `Dashboard: run "${ownName()} dashboard" for a link.` : `Dashboard: ${link}`
}

/** On a terminal a view that is drawn in place; elsewhere a line for each change worth reading. */
function show({ bridge, settings }: Headless, options: Options, log: Logger): () => void {
  const { api } = bridge
  if (options.json === true) {
    console.log(JSON.stringify({ event: 'state', payload: bridge.state }))
    return api.on('state', (state) => console.log(JSON.stringify({ event: 'state', payload: state })))
  }
  if (process.stdout.isTTY) {
    const view = new LiveView(bridge.state, process.stdout, ownName())
    const unsubscribe = api.on('state', (state) => view.show(state))
    const stopAnswering = process.stdin.isTTY ? answerOnTerminal(api, view) : () => undefined
    return () => {
      unsubscribe()
      stopAnswering()
      view.close()
    }
  }
  log.debug({ settings: settings.path, existed: settings.existed }, 'settings read')
  const lines = new ChangeLines({ ownName: ownName() })
  const tell = (state: BridgeState): void => {
    for (const line of lines.next(state, Date.now())) console.log(line)
  }
  tell(bridge.state)
  return api.on('state', tell)
}

/** The first signal lets streams finish, the second cuts. */
async function untilStopped(headless: Headless, stop: AbortController): Promise<void> {
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal)
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  await headless.stop()
}
