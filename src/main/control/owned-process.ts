import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * The shell leads a group of its own with the command in it. Its standard input is a pipe from us: when that ends,
 * because we say so or because we are no more, however that came, the whole group is asked to end, and killed when
 * it does not. Standard output carries nothing but the status that the command ended with.
 */
const GUARD = `
exec 3<&0 4>&1
trap : TERM
"$@" 3<&- 4>&- </dev/null >/dev/null & child=$!
(trap '' TERM; cat <&3 >/dev/null; kill -TERM -$$; sleep "$GRACE_SECONDS"; kill -KILL -$$) 2>/dev/null 4>&- &
while :; do
  wait "$child"; status=$?
  kill -0 "$child" 2>/dev/null || break
done
echo "$status" >&4
kill -KILL -$$`

export interface OwnedProcess {
  /** The status that it ended with; `undefined` while it runs. */
  readonly ended: string | undefined
  /** The last lines of its standard error. */
  lastWords(): string
  /** Asks it to end, kills it when it does not, and comes back once it is gone. Idempotent. */
  end(): Promise<void>
}

const LAST_WORDS_CHARACTERS = 500
/** What it wrote before it ended has been read after this time. */
const LAST_OUTPUT_MS = 500

/**
 * Starts a program that ends with this process at the latest.
 *
 * @throws Error when it cannot be started. @param graceMs between being asked to end and being killed.
 */
export async function startOwned(command: readonly string[], graceMs: number): Promise<OwnedProcess> {
  const child = process.platform === 'win32' ? spawnPlain(command) : spawnGuarded(command, graceMs)
  let words = ''
  let status = ''
  let ended: string | undefined
  child.stderr?.on('data', (data: Buffer) => {
    words = (words + data.toString('utf8')).slice(-LAST_WORDS_CHARACTERS)
  })
  child.stdout?.on('data', (data: Buffer) => {
    status += data.toString('utf8')
  })
  child.stdin?.on('error', () => undefined)
  const gone = new Promise<void>((resolve) => {
    const finish = (code: number | null, signal: string | null) => {
      ended ??= status.trim() || String(code ?? signal)
      child.stdin?.destroy()
      resolve()
    }
    child.once('close', finish)
    // What it left running elsewhere may keep its standard error open for ever.
    child.once('exit', (...end) => setTimeout(finish, LAST_OUTPUT_MS, ...end).unref())
  })
  await once(child, 'spawn')
  return {
    get ended() {
      return ended
    },
    lastWords: () => words.trim(),
    end: async () => {
      child.stdin?.destroy()
      if (process.platform === 'win32') child.kill()
      const killed = new AbortController()
      const kill = delay(2 * graceMs, undefined, { signal: killed.signal }).then(
        () => child.kill('SIGKILL'),
        // It ended in time.
        () => undefined,
      )
      await gone
      killed.abort()
      await kill
    },
  }
}

function spawnGuarded(command: readonly string[], graceMs: number): ChildProcess {
  return spawn('/bin/sh', ['-c', GUARD, 'sovereign-server', ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, GRACE_SECONDS: String(Math.ceil(graceMs / 1000)) },
  })
}

/** Windows ends no process with another; there it is ended when this one ends in order. */
function spawnPlain([program = '', ...args]: readonly string[]): ChildProcess {
  return spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true })
}
