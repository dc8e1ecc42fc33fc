import { execFile } from 'node:child_process'
import { basename } from 'node:path'

/**
 * Runs a program of the system, with arguments and never through a shell.
 *
 * @returns its standard output
 * @throws ToolError
 */
export type RunTool = (program: string, args: readonly string[]) => Promise<string>

const TIMEOUT_MS = 15_000
/** What the tools say is read, so it has to be in English; and whole, whatever letters are in it. */
const ENGLISH = { LC_ALL: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8', LANGUAGE: '' }

export class ToolError extends Error {
  override readonly name = 'ToolError'
  readonly isMissing: boolean

  constructor(
    program: string,
    { isMissing, words }: { readonly isMissing: boolean; readonly words: string },
  ) {
    super(isMissing ? `There is no ${program} on this machine` : `${program} failed${words}`)
    this.isMissing = isMissing
  }
}

export function toolRunner(
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs = TIMEOUT_MS,
): RunTool {
  return (program, args) =>
    new Promise((resolve, reject) => {
      const options = { env: { ...env, ...ENGLISH }, timeout: timeoutMs, windowsHide: true }
      execFile(program, [...args], options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout)
        const [line] = stderr.trim().split(/\r?\n/)
        const timedOut = error.killed === true ? `: no answer in ${timeoutMs / 1000} s` : ''
        reject(
          new ToolError(basename(program), {
            isMissing: error.code === 'ENOENT',
            words: line === undefined || line === '' ? timedOut : `: ${line}`,
          }),
        )
      })
    })
}
