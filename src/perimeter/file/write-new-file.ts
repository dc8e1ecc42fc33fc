import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '../../node/make-folder.ts'
import { AppError } from '../../shared/errors/app-error.ts'

/**
 * Writes a file for its owner alone, which is on the disk by then.
 * @throws AppError `perimeter.exists` where anything of that name is there, `perimeter.unwritable`
 */
export async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(path))
    // "wx" refuses what is there already, also what has come about since somebody looked.
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
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
