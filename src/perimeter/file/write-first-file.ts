import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '../../node/make-folder.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { INIT_TEXT } from './init-text.ts'

/** @throws AppError `perimeter.exists` where anything of that name is there, `perimeter.unwritable` */
export async function writeFirstFile(path: string): Promise<void> {
  try {
    await makeFolder(dirname(path))
    // "wx" refuses what is there already, also what has come about since somebody looked.
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(INIT_TEXT)
    } finally {
      await file.close()
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    if (reason === 'EEXIST')
      throw new AppError('perimeter.exists', `${path} is there already and stays as it is.`, { cause: error })
    throw new AppError('perimeter.unwritable', `${path} cannot be written (${reason}).`, { cause: error })
  }
}
