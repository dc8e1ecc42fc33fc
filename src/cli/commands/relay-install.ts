import { spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { makeFolder } from '../../node/make-folder.ts'
import { defaultRelayConfigPath, defaultRelayDataDir } from '../../node/relay-paths.ts'
import { type InstallPlan, installPlan, type Step } from '../../relay/install/install-plan.ts'
import type { RelayService } from '../../relay/install/service.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { portArgument } from '../port-argument.ts'

interface InstallOptions {
  readonly config?: string
  readonly dataDir?: string
  readonly port?: number
  readonly dryRun?: boolean
  readonly start: boolean
}

/** `sovereign relay install`, `uninstall` and `show`: the relay under systemd or launchd. */
export function relayInstallCommands(): Command[] {
  return [
    serviceCommand('install', 'keep the relay running with systemd or launchd', install),
    serviceCommand('uninstall', 'stop the relay and remove its service file', uninstall),
    serviceCommand('show', 'print the service file that install would write', (options) => {
      const { plan } = planOf(options)
      console.log(`# ${plan.path}\n${plan.content}`)
    }),
  ]
}

function serviceCommand(
  name: string,
  description: string,
  act: (options: InstallOptions) => void | Promise<void>,
): Command {
  return (
    new Command(name)
      .description(description)
      .option('--config <file>', 'config.json of the relay')
      .option('--data-dir <folder>', 'for the usage database, bundles and the admin socket')
      .option('--port <port>', 'port to listen on', portArgument)
      .option('--dry-run', 'print what would be done')
      .option('--no-start', 'write or remove the file and leave the service manager alone')
      // The relay command has options of the same names and may take them first.
      .action((_options, command: Command) => act(command.optsWithGlobals()))
  )
}

async function install(options: InstallOptions): Promise<void> {
  const { plan, service } = planOf(options)
  if (options.dryRun) {
    console.log(`Would write ${plan.path}:\n\n${plan.content}`)
    for (const step of options.start ? plan.start : []) console.log(`Would run: ${step.join(' ')}`)
    return
  }
  // The service manager refuses to start a program whose writable folders do not exist.
  for (const folder of [dirname(service.configPath), service.dataDir]) await makeFolder(folder)
  const before = await readFile(plan.path, 'utf8').catch(() => undefined)
  if (before === plan.content) console.log(`${plan.path}: nothing to change.`)
  else {
    await writeFileAtomic(plan.path, plan.content, 0o644)
    console.log(`Wrote ${plan.path}`)
  }
  if (options.start) {
    if (plan.manager === 'launchd' && before !== undefined) runAll(plan.stop, { mayFail: true })
    runAll(plan.start, { mayFail: false })
  }
  for (const hint of plan.hints) console.log(hint)
}

async function uninstall(options: InstallOptions): Promise<void> {
  const { plan } = planOf(options)
  if ((await readFile(plan.path).catch(() => undefined)) === undefined) {
    console.log(`${plan.path} is not there; nothing to remove.`)
    return
  }
  if (options.dryRun) {
    for (const step of options.start ? plan.stop : []) console.log(`Would run: ${step.join(' ')}`)
    console.log(`Would remove ${plan.path}`)
    return
  }
  if (options.start) runAll(plan.stop, { mayFail: true })
  await rm(plan.path)
  if (options.start) runAll(plan.afterRemoval, { mayFail: true })
  console.log(`Removed ${plan.path}. Configuration and usage data are left in place.`)
}

function planOf(options: InstallOptions): { readonly plan: InstallPlan; readonly service: RelayService } {
  const service = serviceOf(options)
  const { uid, username } = userInfo()
  const machine = { platform: process.platform, home: homedir(), uid, userName: username, env: process.env }
  const plan = installPlan(machine, service)
  if (plan === undefined)
    throw new AppError(
      'install.unsupported',
      `No service manager for user programs is known on ${process.platform}.`,
    )
  return { plan, service }
}

/** The same program that is running now, with absolute paths: a service manager has no working directory. */
function serviceOf({ config, dataDir, port }: InstallOptions): RelayService {
  const { env } = process
  const data = dataDir === undefined ? defaultRelayDataDir(env) : resolve(dataDir)
  return {
    command: [process.execPath, realpathSync(process.argv[1] ?? ''), 'relay'],
    configPath: config === undefined ? defaultRelayConfigPath(env) : resolve(config),
    dataDir: data,
    env: { SOVEREIGN_DATA_DIR: data, ...(port === undefined ? {} : { RELAY_PORT: String(port) }) },
  }
}

function runAll(steps: readonly Step[], { mayFail }: { mayFail: boolean }): void {
  for (const [program, ...args] of steps) {
    const line = [program, ...args].join(' ')
    console.log(`+ ${line}`)
    const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    if (status !== 0 && !mayFail) {
      const reason = error === undefined ? '' : `: ${error.message}`
      throw new AppError('install.failed', `"${line}" failed${reason}.`)
    }
  }
}
