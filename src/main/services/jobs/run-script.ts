import { AppError } from '../../../shared/errors/app-error.ts'
import type { ExecOptions, ExecResult, SshLink } from '../../ssh/link.ts'

type ScriptOptions = Omit<ExecOptions, 'stdin'> & { readonly args?: readonly string[] }

/** Runs a script with the `sh` of the host, whichever shell the login has. Its arguments are quoted here. */
export async function runScript(
  link: SshLink,
  place: string,
  script: string,
  { args = [], ...options }: ScriptOptions,
): Promise<ExecResult> {
  try {
    return await link.exec(['sh', '-s', '--', ...args.map(shellQuote)].join(' '), {
      ...options,
      stdin: script,
    })
  } catch (error) {
    if (error instanceof AppError || options.signal?.aborted) throw error
    throw new AppError('job.unexpected-answer', `${place} runs no commands for this login.`, { cause: error })
  }
}

/**
 * The same for a script that has to succeed.
 * @throws AppError `job.unexpected-answer` with what the host said last.
 */
export async function runOrFail(
  link: SshLink,
  place: string,
  script: string,
  options: ScriptOptions & { readonly doing: string },
): Promise<string> {
  const { doing, ...rest } = options
  const result = await runScript(link, place, script, rest)
  if (result.exitCode === 0) return result.stdout
  throw new AppError('job.unexpected-answer', `${place} could not ${doing}: ${lastWords(result)}.`)
}

/** The last line that a program has written, without its full stop. */
export function lastWords({ stdout, stderr, exitCode }: ExecResult): string {
  const line = `${stdout}\n${stderr}`.trim().split('\n').at(-1)?.trim() ?? ''
  return line === '' ? `it ended with status ${exitCode} and no word` : line.replace(/\.+$/, '').slice(0, 300)
}

export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
