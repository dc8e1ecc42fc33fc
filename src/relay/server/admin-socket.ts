import { chmod, mkdir, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { AppError } from '../../shared/errors/app-error.ts'

/** `sun_path` of the smallest system (macOS), without its final zero. */
const SOCKET_PATH_MAX_BYTES = 103

/**
 * Listens for the owner of the relay. Only this user can connect: the folder and the socket say so.
 *
 * @throws AppError `relay.already-running`, or `relay.config-invalid` for a path that no socket can have.
 */
export async function listenForAdmin(server: Server, path: string): Promise<void> {
  const isPipe = path.startsWith('\\\\')
  if (!isPipe) {
    if (Buffer.byteLength(path) > SOCKET_PATH_MAX_BYTES)
      throw new AppError('relay.config-invalid', `The path of the admin socket is too long: ${path}.`, {
        remedy: 'Choose a data folder with a shorter path.',
      })
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    if (await isAnswering(path)) throw alreadyRunning(path)
    // Left behind by a relay that was killed.
    await rm(path, { force: true })
  }
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'EADDRINUSE' ? alreadyRunning(path) : error),
    )
    server.listen(path, done)
  })
  if (!isPipe) await chmod(path, 0o600)
}

function alreadyRunning(path: string): AppError {
  return new AppError('relay.already-running', `A relay already answers on ${path}.`)
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}
