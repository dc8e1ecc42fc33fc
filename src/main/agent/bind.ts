import { once } from 'node:events'
import { chmod, lstat, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { dirname } from 'node:path'
import { makeFolder } from '../../node/make-folder.ts'
import { holderText, portHolder } from '../../node/port-holder.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ListenAddress } from '../../shared/state/bridge-state.ts'
import { formatListenAddress } from '../settings/address.ts'

/** Connections that wait to be accepted; beyond Node's 511 a burst of programs is reset. The system may allow fewer. */
const BACKLOG = 4_096
/** How long a program behind a socket file may take to accept before it counts as there. */
const ANSWER_TIMEOUT_MS = 2_000

/**
 * Lets a server listen. A unix socket gets mode 0600, and a socket file that nobody answers on is replaced.
 *
 * @throws AppError `port.taken`, without the holder's name: see {@link describeHolder}; or `port.forbidden`.
 */
export async function bind(server: Server, address: ListenAddress): Promise<void> {
  try {
    if (address.kind === 'tcp') await listenTcp(server, address.host, address.port)
    else await listenSocket(server, address.path)
  } catch (error) {
    throw bindError(error, address)
  }
}

/** `port.taken` with the names and numbers of whoever has the port. */
export async function describeHolder(address: ListenAddress & { kind: 'tcp' }): Promise<AppError> {
  const holder = await portHolder(address.host, address.port)
  return new AppError('port.taken', `${formatListenAddress(address)} is taken by ${holderText(holder)}.`)
}

async function listenTcp(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port, backlog: BACKLOG })
  await once(server, 'listening')
}

async function listenSocket(server: Server, path: string): Promise<void> {
  await makeFolder(dirname(path))
  try {
    await listenPrivately(server, path)
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE' || !(await isStale(path))) throw error
    await unlink(path)
    await listenPrivately(server, path)
  }
}

async function listenPrivately(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening')
  // The socket file is made inside listen(), before it returns; a chmod afterwards would leave a moment open.
  const umask = process.umask(0o177)
  try {
    server.listen({ path })
  } finally {
    process.umask(umask)
  }
  await listening
  await chmod(path, 0o600)
}

/** Left behind by a program that was killed: a socket file on which nobody answers. */
async function isStale(path: string): Promise<boolean> {
  if (!(await lstat(path)).isSocket()) return false
  const socket = connect({ path, timeout: ANSWER_TIMEOUT_MS })
  try {
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve).once('timeout', resolve).once('error', reject)
    })
    return false
  } catch (error) {
    return errorCode(error) === 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}

function bindError(error: unknown, address: ListenAddress): unknown {
  const code = errorCode(error)
  const place = formatListenAddress(address)
  if (code === undefined) return error
  const options = { cause: error }
  if (code === 'EADDRINUSE') return new AppError('port.taken', takenText(address, place), options)
  if (code === 'EACCES' || code === 'EPERM')
    return new AppError('port.forbidden', `This user may not listen on ${place}.`, options)
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'ENOTFOUND')
    return new AppError('port.forbidden', `This machine has no address ${place}.`, {
      ...options,
      remedy: 'Choose an address that it has, such as 127.0.0.1.',
    })
  // A socket path that is too long (108 bytes on Linux, 104 on macOS) comes as EINVAL.
  return new AppError('port.forbidden', `${place} cannot be listened on (${code}).`, {
    ...options,
    ...(address.kind === 'socket' ? { remedy: 'Choose a shorter path in a folder of your own.' } : {}),
  })
}

function takenText(address: ListenAddress, place: string): string {
  return address.kind === 'tcp'
    ? `${place} is taken by another program.`
    : `${place} is taken: a program answers there, or the file is no socket.`
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
