import { parseArgs } from 'node:util'
import { AppError } from '../../shared/errors/app-error.ts'
import { words } from './words/words.ts'

/** Without the dashes. */
export const HIDDEN_OPTION = 'hidden'

export interface DesktopOptions {
  readonly settingsPath?: string
  readonly sshConfigFile?: string
  readonly verbose: boolean
  /** Started by the system and not by a person: no window opens by itself. */
  readonly hidden: boolean
}

/**
 * The options of `sovereign bridge` that make sense for the tray app; those of Chromium pass by.
 * @throws AppError when a file name is missing.
 */
export function desktopOptions(args: readonly string[]): DesktopOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      'ssh-config': { type: 'string' },
      verbose: { type: 'boolean' },
      [HIDDEN_OPTION]: { type: 'boolean' },
    },
    strict: false,
    allowPositionals: true,
  })
  const settingsPath = fileName('--config', values.config)
  const sshConfigFile = fileName('--ssh-config', values['ssh-config'])
  return {
    verbose: values.verbose === true,
    hidden: values[HIDDEN_OPTION] === true,
    ...(settingsPath === undefined ? {} : { settingsPath }),
    ...(sshConfigFile === undefined ? {} : { sshConfigFile }),
  }
}

function fileName(option: string, value: string | boolean | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw new AppError('settings.unreadable', words.boxes.needsFileName(option))
}
