import { type ChildProcess, spawn } from 'node:child_process'

/** Waits for the end of its input, which only the death of its starter brings about; then kills, youngest first. */
const WATCH = `
cat >/dev/null
tree() {
  ps -A -o pid= -o ppid= | while read -r pid parent; do [ "$parent" != "$1" ] || tree "$pid"; done
  kill -KILL "$1" 2>/dev/null
}
tree "$1"`

/**
 * Has a process and everything below it killed when this one is gone without having ended it, killed outright for
 * example. A shell in a session of its own sees to that: no signal to our group reaches it.
 */
export function endWithThis(child: ChildProcess): void {
  if (child.pid === undefined || process.platform === 'win32') return
  const watch = spawn('/bin/sh', ['-c', WATCH, 'end-with-this', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watch.unref()
  // What cannot be watched, on a machine that is full for example, is what it was without us.
  watch.on('error', () => undefined)
  watch.stdin.on('error', () => undefined)
  child.once('exit', () => watch.kill('SIGKILL'))
}
