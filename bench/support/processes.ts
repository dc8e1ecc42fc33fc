import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Children of a bench; `close` ends them all. */
export class Processes {
  private readonly children: ChildProcess[] = []

  start(command: string, args: readonly string[]): ChildProcess {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.children.push(child)
    return child
  }

  /** Starts it and resolves with the first line it prints. @throws Error where it ends without one. */
  async startAndRead(command: string, args: readonly string[]): Promise<string> {
    const child = this.start(command, args)
    if (child.stdout === null) throw new Error('No output to read.')
    const lines = createInterface(child.stdout)
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`${[command, ...args].join(' ')} ended without a line.`))
      lines.once('line', resolve).once('close', fail)
    })
  }

  startNode(file: string, args: readonly string[]): Promise<string> {
    return this.startAndRead(process.execPath, [file, ...args])
  }

  /** In the order in which they were started. */
  pids(): number[] {
    return this.children.flatMap(({ pid }) => pid ?? [])
  }

  async close(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const exited = once(child, 'exit')
        child.kill(signal)
        await exited
      }),
    )
  }
}

export async function outputOf(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, args)
  return stdout
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}
