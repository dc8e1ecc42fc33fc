import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endWithThis } from './end-with-this.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The real `sovereign` command as its own process. */
export interface SovereignProcess {
  readonly child: ChildProcess
  readonly pid: number
  stdout(): string
  stderr(): string
  /** Resolves with the first line of standard output, old or new, for which `find` gives something. */
  line<T>(find: (line: string) => T | undefined, what: string, options?: LineOptions): Promise<T>
  /** The newest line of standard output for which `find` gives something. */
  newest<T>(find: (line: string) => T | undefined): T | undefined
  /** Characters of whole lines so far; see {@link LineOptions.from}. */
  mark(): number
  /** Settles by itself: the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>
  /** Exit code or signal, once it has ended and all that it printed is here. */
  readonly finished: Promise<number | NodeJS.Signals>
  /** @returns the exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

export interface LineOptions {
  readonly timeoutMs?: number
  /** Skips what had come up to this {@link SovereignProcess.mark}. */
  readonly from?: number
}

const LINE_TIMEOUT_MS = 30_000

export function runSovereign(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  command: readonly string[] = [process.execPath, join(ROOT, 'bin/sovereign.js')],
  stdin = '',
): SovereignProcess {
  const [program = '', ...before] = command
  const child = spawn(program, [...before, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  endWithThis(child)
  // A command that leaves without reading closes the pipe.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(stdin)
  let out = ''
  let err = ''
  const listeners = new Set<() => void>()
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8')
    for (const listener of [...listeners]) listener()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8')
  })
  const exited = once(child, 'exit').then(([code, signal]) => {
    for (const listener of [...listeners]) listener()
    return (code ?? signal) as number | NodeJS.Signals
  })
  const finished = once(child, 'close').then(() => exited)

  async function line<T>(
    find: (line: string) => T | undefined,
    what: string,
    { timeoutMs = LINE_TIMEOUT_MS, from = 0 }: LineOptions = {},
  ): Promise<T> {
    let seen = from
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        listeners.delete(look)
        settle()
      }
      const look = (): void => {
        const lines = out.slice(seen).split('\n')
        for (const text of lines.slice(0, -1)) {
          seen += text.length + 1
          const found = find(text)
          if (found === undefined) continue
          finish(() => resolve(found))
          return
        }
        if (child.exitCode !== null || child.signalCode !== null)
          finish(() =>
            reject(
              new Error(
                `sovereign ${args[0]} ended before ${what}:\n${out.slice(-2000)}\n${err.slice(-2000)}`,
              ),
            ),
          )
      }
      const timer = setTimeout(
        () =>
          finish(() =>
            reject(new Error(`No ${what} within ${timeoutMs} ms:\n${out.slice(-3000)}\n${err.slice(-2000)}`)),
          ),
        timeoutMs,
      )
      listeners.add(look)
      look()
    })
  }

  return {
    child,
    pid: child.pid ?? 0,
    exited,
    stdout: () => out,
    stderr: () => err,
    line,
    finished,
    newest: (find) => {
      for (const text of out.split('\n').slice(0, -1).reverse()) {
        const found = find(text)
        if (found !== undefined) return found
      }
      return undefined
    },
    mark: () => out.lastIndexOf('\n') + 1,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return exited
    },
  }
}
