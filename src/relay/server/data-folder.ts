import { access, constants } from 'node:fs/promises'
import { makeFolder } from '../../node/make-folder.ts'
import { AppError } from '../../shared/errors/app-error.ts'

/** Makes the folder that everything else relies on. @throws AppError `relay.config-invalid` */
export async function prepareDataFolder(dir: string): Promise<void> {
  try {
    await makeFolder(dir)
    await access(dir, constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new AppError(
      'relay.config-invalid',
      `The data folder ${dir} cannot be used (${code ?? message}).`,
      {
        cause: error,
        remedy: 'Choose a folder that this user may write to, with --data-dir or SOVEREIGN_DATA_DIR.',
      },
    )
  }
}
