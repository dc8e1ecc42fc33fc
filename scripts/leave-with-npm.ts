// npm hands a signal on to its shell at most, and nothing at all when it is killed outright.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const LOOK_MS = 500

interface Ancestor {
  readonly parent: number
  readonly isNpm: boolean
}

/** Ends this process with SIGTERM, that is in order, once the npm that started it is gone. */
export function leaveWithNpm(env: NodeJS.ProcessEnv = process.env): void {
  if (env.npm_lifecycle_event === undefined || process.platform === 'win32') return
  const parent = process.ppid
  const shell = ancestor(parent)
  // Whatever started npm may go: `nohup npm start &` outlives its terminal.
  const npm = shell !== undefined && !shell.isNpm && ancestor(shell.parent)?.isNpm ? shell.parent : undefined
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || isRunning(npm))) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, LOOK_MS)
  timer.unref()
}

function ancestor(pid: number): Ancestor | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'ppid=', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
  const found = /^\s*(\d+)\s+(.*)$/m.exec(stdout ?? '')
  if (found === null) return undefined
  return { parent: Number(found[1]), isNpm: /^npm |\bnpm-cli\.js\b/.test(found[2] ?? '') }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A dead process keeps its number until its parent asks how it ended.
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
