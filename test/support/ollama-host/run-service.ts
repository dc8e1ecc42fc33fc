import type { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Starts what a service names, below $TOOL_ROOT, and leaves it running. */
export function startProgram(
  pidFile: string,
  [program = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
  start: typeof spawn,
): void {
  const root = process.env.TOOL_ROOT ?? ''
  const child = start(join(root, program), args, {
    env: { ...environment, PATH: process.env.PATH, TOOL_ROOT: root },
    detached: true,
    stdio: 'ignore',
  })
  child.unref()
  writeFileSync(pidFile, String(child.pid))
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A child that nobody has waited for answers signals, too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export async function endProcess(pid: number): Promise<void> {
  if (isAlive(pid)) process.kill(pid, 'SIGTERM')
  while (isAlive(pid)) await delay(20)
}
