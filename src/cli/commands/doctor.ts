import { access, writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { runLocalChecks } from '../../main/services/checks/run-checks.ts'
import { defaultSettingsPath } from '../../main/settings/settings-path.ts'
import { ownSshOptions } from '../../main/ssh/config/resolve-host.ts'
import { defaultRelayDataDir } from '../../node/relay-paths.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ErrorCode } from '../../shared/errors/codes.ts'
import type { Check, Checks } from '../../shared/protocol/diagnostics.ts'
import { type BridgeOptions, withBridge, withBridgeOptions } from '../bridge-connection.ts'

interface DoctorOptions extends BridgeOptions {
  readonly config?: string
  readonly sshConfig?: string
  readonly json?: boolean
  readonly report?: string
}

/** `sovereign doctor`: looks at everything that is known to go wrong; status 1 when something has. */
export function doctorCommand(): Command {
  return withBridgeOptions(new Command('doctor'))
    .description('look at everything that is known to go wrong, and say what to do about it')
    .option('--json', 'for machines')
    .option('--report <file>', 'also write a zip for whoever helps, with names and credentials taken out')
    .option('--config <file>', 'settings file to look at while no bridge runs')
    .option('--ssh-config <file>', 'read this file instead of ~/.ssh/config while no bridge runs')
    .action(run)
}

async function run(options: DoctorOptions): Promise<void> {
  const checks = await checksOf(options)
  console.log(options.json === true ? JSON.stringify(checks) : checksText(checks))
  if (checks.checks.some(({ status }) => status === 'failed')) process.exitCode = 1
  if (options.report !== undefined) await saveReport(options, options.report)
}

/** Of the running bridge; without one, of what there is to see from outside. */
async function checksOf(options: DoctorOptions): Promise<Checks> {
  try {
    return await withBridge(options, (bridge) => bridge.runChecks({}))
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'bridge.not-running') throw error
    const { env } = process
    await mustExist(options.config, 'settings.unreadable')
    await mustExist(options.sshConfig, 'ssh.config-invalid')
    const around = {
      settingsPath: options.config ?? defaultSettingsPath(env),
      ssh: ownSshOptions(env, options.sshConfig),
      relayDataDir: defaultRelayDataDir(env),
    }
    const { at, checks } = await runLocalChecks(around, Date.now())
    return { at, checks: [NOT_RUNNING, ...checks] }
  }
}

/** A missing file among the usual ones is nothing odd; one that was named is. */
async function mustExist(file: string | undefined, code: ErrorCode): Promise<void> {
  if (file === undefined) return
  await access(file).catch((cause: unknown) => {
    throw new AppError(code, `${file} does not exist.`, {
      cause,
      remedy: 'Check that the file exists and that this user may read it.',
    })
  })
}

const NOT_RUNNING: Check = {
  id: 'bridge',
  title: 'Bridge',
  status: 'warning',
  detail: 'None runs, so connections cannot be looked at.',
  fix: 'Start it with "sovereign bridge", or start the tray app.',
}

async function saveReport(options: DoctorOptions, file: string): Promise<void> {
  const report = await withBridge(options, (bridge) => bridge.makeReport({}))
  await writeFile(file, Buffer.from(report.zipBase64, 'base64'), { mode: 0o600 }).catch(
    (cause: NodeJS.ErrnoException) => {
      throw new AppError('report.unwritable', `${file} cannot be written (${String(cause.code)}).`, { cause })
    },
  )
  const counts = report.files.map(({ name, redactions }) => `  ${name}: ${redactions} taken out`)
  console.error(`\n${file} holds\n${counts.join('\n')}\nRead it before you hand it on.`)
}

const MARKS: Readonly<Record<Check['status'], string>> = {
  ok: 'ok',
  warning: 'WARNING',
  failed: 'FAILED',
  skipped: '-',
}

/** One line for each, and below it what to do. */
export function checksText({ checks }: Checks): string {
  const width = Math.max(...checks.map(({ title }) => title.length))
  const lines = checks.map(({ status, title, detail, fix }) => {
    const line = `${MARKS[status].padEnd(8)} ${title.padEnd(width)}  ${detail}`
    return fix === undefined ? line : `${line}\n${' '.repeat(width + 11)}${fix}`
  })
  const failures = checks.filter(({ status }) => status === 'failed').length
  return [
    ...lines,
    '',
    failures === 0 ? 'Nothing has failed.' : `${failures} of ${checks.length} failed.`,
  ].join('\n')
}
