import { chmod, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { makeFolder } from '../../node/make-folder.ts'
import { AppError } from '../../shared/errors/app-error.ts'

/** `sun_path` of the smallest system (macOS), without its final zero. */
const SOCKET_PATH_MAX_BYTES = 103

/**
 * Listens for the owner of the relay. Only this user can connect: the folder and the socket say so.
 *
 * @throws AppError `relay.already-running`, or `relay.config-invalid` where no socket can be.
 */
export async function listenForAdmin(server: Server, path: string): Promise<void> {
  try {
    await listen(server, path)
  } catch (error) {
    throw error instanceof AppError ? error : impossible(path, error as NodeJS.ErrnoException)
  }
}

async function listen(server: Server, path: string): Promise<void> {
  const isPipe = path.startsWith('\\\\')
  if (!isPipe) await clearTheWay(path)
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'EADDRINUSE' ? alreadyRunning(path) : error),
    )
    server.listen(path, done)
  })
  if (!isPipe) await chmod(path, 0o600)
}

async function clearTheWay(path: string): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_MAX_BYTES)
    throw new AppError('relay.config-invalid', `The path of the admin socket is too long: ${path}.`, {
      remedy: 'Choose a data folder with a shorter path.',
    })
  await makeFolder(dirname(path))
  if (await isAnswering(path)) throw alreadyRunning(path)
  // Left behind by a relay that was killed.
  await rm(path, { force: true })
}

function alreadyRunning(path: string): AppError {
  return new AppError('relay.already-running', `A relay already answers on ${path}.`)
}

function impossible(path: string, error: NodeJS.ErrnoException): AppError {
  const what = `The admin socket ${path} cannot be made (${error.code ?? error.message}).`
  return new AppError('relay.config-invalid', what, {
    cause: error,
    remedy: 'Choose a data folder that this user may write to, with --data-dir or SOVEREIGN_DATA_DIR.',
  })
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
