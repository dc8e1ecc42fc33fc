import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { AppError } from '../shared/errors/app-error.ts'
import type { ErrorCode } from '../shared/errors/codes.ts'

/** Whose files they are: of the tunnel or of the relay. */
export type PemErrorCode = 'certs.invalid' | 'relay.tls-unusable'

/** @throws AppError of that code, also for a private key that others may read. */
export async function readPemFile(
  path: string,
  code: PemErrorCode,
  { isSecret = false } = {},
): Promise<string> {
  try {
    // A pipe that nobody writes to would hold up reading for ever, and with it the end of the program.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      // Of the open file, so that it cannot be another one a moment later.
      const stat = await file.stat()
      if (!stat.isFile()) throw new AppError(code, `${path} is not a file.`)
      if (isSecret) refuseReaders(path, stat.mode, { code, what: 'a private key' })
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    const { code: reason = 'unknown error' } = cause as NodeJS.ErrnoException
    const what = reason === 'ENOENT' ? 'does not exist' : `cannot be read (${reason})`
    throw new AppError(code, `${path} ${what}.`, { cause })
  }
}

/** @param name of the file, for the message. @throws AppError of that code. */
export function parsedPem<T>(name: string, what: string, code: PemErrorCode, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw new AppError(code, `${name} holds no usable ${what} in PEM form.`, { cause })
  }
}

/**
 * Not on Windows, where the mode says nothing about it.
 *
 * @param what is in it, with its article. @throws AppError of that code for a secret that others may read.
 */
export function refuseReaders(
  path: string,
  mode: number,
  { code, what }: { readonly code: ErrorCode; readonly what: string },
): void {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const rights = (mode & 0o777).toString(8).padStart(4, '0')
  throw new AppError(
    code,
    `Permissions ${rights} for ${path} are too open: ${what} must not be accessible by others.`,
    { remedy: `Run "chmod 600 ${path}".` },
  )
}
