import { createLogger, type Logger, setLogLevel } from '../../node/log.ts'
import { logLevelOf } from '../../node/log-level.ts'
import { RotatingFile } from '../../node/rotating-file.ts'
import { type LogSettings, settingsSchema } from '../../shared/settings/schema.ts'
import type { LogsState } from '../../shared/state/logs.ts'

/** The log of the bridge, which does what the settings say of it as soon as they say it. */
export interface BridgeLog {
  readonly log: Logger
  readonly state: LogsState
  /** What the start of the program has decided stays as it is. */
  follow(settings: LogSettings): void
}

export interface BridgeLogOptions {
  /** `--verbose`. */
  readonly verbose: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** The bridge draws its state on the terminal that its log would go to. */
  readonly sharesTerminal?: boolean
  /** For a program that nobody watches the standard error of. */
  readonly file?: string
  /** Gets each line besides the file, and is standard error where there is no file. */
  readonly copy?: { write(line: string): void }
}

const MIB = 2 ** 20

/** @throws AppError `environment.invalid` for a LOG_LEVEL that is none. */
export function openBridgeLog(options: BridgeLogOptions): BridgeLog {
  const { copy } = options
  const forced = forcedBy(options)
  const usual = settingsSchema.parse({}).logs
  let state: LogsState = {
    ...(forced ?? { level: usual.level, by: 'settings' }),
    file: options.file,
  }
  const file = options.file === undefined ? undefined : new RotatingFile(options.file, usual.keepMiB * MIB)
  const destination = file === undefined ? copy : inBoth(file, copy)
  const log = createLogger('bridge', state.level, destination)
  return {
    log,
    get state() {
      return state
    },
    follow({ level, keepMiB }) {
      file?.keep(keepMiB * MIB)
      if (forced !== undefined || level === state.level) return
      state = { ...state, level }
      setLogLevel(log, level)
    },
  }
}

function inBoth(file: RotatingFile, copy: BridgeLogOptions['copy']): { write(line: string): void } {
  return {
    write(line) {
      file.write(line)
      copy?.write(line)
    },
  }
}

function forcedBy({
  verbose,
  env,
  sharesTerminal,
}: BridgeLogOptions): Pick<LogsState, 'level' | 'by'> | undefined {
  const wanted = logLevelOf(env)
  if (verbose) return { level: 'debug', by: 'verbose' }
  if (wanted !== undefined) return { level: wanted, by: 'LOG_LEVEL' }
  return sharesTerminal === true ? { level: 'error', by: 'terminal' } : undefined
}
