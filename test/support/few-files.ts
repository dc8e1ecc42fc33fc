import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const SOVEREIGN = fileURLToPath(new URL('../../bin/sovereign.js', import.meta.url))

/** What runs `sovereign` with so many file descriptors at most; from a shell, because Node raises a limit it may raise. */
export function sovereignWithFiles(most: number): readonly string[] {
  return ['sh', '-c', `ulimit -n ${most}; exec "$0" "$@"`, process.execPath, SOVEREIGN]
}

/** Connections that say nothing. They end with the test. */
export function crowd(port: number, count: number): Socket[] {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => undefined).resume()
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  return sockets
}
