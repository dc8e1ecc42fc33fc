import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** How somebody has started the app. */
export interface Start {
  readonly argv: string[]
  readonly cwd: string
}

/** A first instance may still be on its way to its socket, and one that ends gives its place free. */
const PATIENCE_MS = 10_000

const locks = new Map<string, DatabaseSync>()

/**
 * Makes this process the only one of a profile, or tells the one that is of this start; Electron's waits just as
 * synchronously. The lock is one of the kernel on a file: no two processes hold it, and it ends with its process.
 *
 * @param onLater called for each later start.
 */
export function becomeOnlyInstance(folder: string, start: Start, onLater: (later: Start) => void): boolean {
  if (locks.has(folder)) return true
  mkdirSync(folder, { recursive: true })
  const socket = join(folder, 'SingletonSocket')
  const deadline = performance.now() + PATIENCE_MS
  do {
    const lock = tryLock(join(folder, 'SingletonLock'))
    if (lock !== undefined) {
      locks.set(folder, lock)
      listen(socket, onLater)
      return true
    }
    if (isTold(socket, JSON.stringify(start))) return false
  } while (performance.now() < deadline)
  throw new Error(`Another process holds ${folder} and does not answer.`)
}

function tryLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (error instanceof Error && error.message === 'database is locked') return undefined
    throw error
  }
}

/** Only for who holds the lock: whatever lies there was left by a process that was killed. */
function listen(path: string, onLater: (later: Start) => void): void {
  rmSync(path, { force: true })
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = ''
    socket.on('error', () => undefined)
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
    socket.on('end', () => {
      socket.end('told')
      onLater(JSON.parse(text) as Start)
    })
  })
  server.listen(path)
  server.unref()
  process.on('exit', () => rmSync(path, { force: true }))
}

const TELL = `process.exitCode = 1
const socket = require('node:net').connect(process.argv[1])
socket.on('error', () => process.exit(1)).on('data', () => process.exit(0)).end(process.argv[2])`

/** Only another process can be waited for synchronously. */
function isTold(path: string, message: string): boolean {
  try {
    execFileSync(process.execPath, ['-e', TELL, path, message], { stdio: 'ignore', timeout: PATIENCE_MS })
    return true
  } catch {
    return false
  }
}
