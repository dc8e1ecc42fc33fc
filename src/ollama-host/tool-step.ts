import { ToolError } from '../node/run-tool.ts'
import { AppError } from '../shared/errors/app-error.ts'
import type { HostMachine } from './host-machine.ts'

export type Command = readonly [program: string, ...args: string[]]

/** @throws AppError `ollama-host.step-failed` that names the command. */
export async function runCommand(machine: HostMachine, [program, ...args]: Command): Promise<string> {
  try {
    return await machine.run(program, args)
  } catch (cause) {
    if (!(cause instanceof ToolError)) throw cause
    const line = [program, ...args].join(' ')
    throw new AppError('ollama-host.step-failed', `"${line}" did not work: ${cause.message}.`, { cause })
  }
}

/** What it prints, and undefined where it fails. */
export async function askTool(
  machine: HostMachine,
  [program, ...args]: Command,
): Promise<string | undefined> {
  try {
    return await machine.run(program, args)
  } catch (error) {
    if (error instanceof ToolError) return undefined
    throw error
  }
}
