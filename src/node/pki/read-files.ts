import { open, stat } from 'node:fs/promises'
import { AppError } from '../../shared/errors/app-error.ts'
import { unreadable } from './expiry.ts'

/** @throws AppError `certs.invalid` */
export async function readText(path: string, { isSecret = false } = {}): Promise<string> {
  try {
    const file = await open(path)
    try {
      // Of the open file, so that it cannot be another one a moment later.
      if (isSecret) refuseReaders(path, (await file.stat()).mode)
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw unreadable(path, cause as NodeJS.ErrnoException)
  }
}

function refuseReaders(path: string, mode: number): void {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  throw new AppError(
    'certs.invalid',
    `${path} can be read by other users (permissions ${(mode & 0o777).toString(8).padStart(4, '0')}).`,
    { remedy: `Run "chmod 600 ${path}".` },
  )
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  )
}
