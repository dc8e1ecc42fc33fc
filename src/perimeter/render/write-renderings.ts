import { chmod } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { commandLine } from './command-line.ts'
import type { Rendering } from './rendering.ts'

/**
 * Writes each file below the folder of its machine, under the path that it has there, with its rights, and the commands
 * that make the files count into "activate.sh" beside them.
 *
 * @returns the paths in order. @throws AppError `perimeter.unwritable`
 */
export async function writeRenderings(folder: string, renderings: readonly Rendering[]): Promise<string[]> {
  const files = renderings.flatMap(({ activate, files: own, machine }) =>
    [...own, { path: '/activate.sh', mode: 0o700, content: activateScript(activate) }].map((file) => ({
      ...file,
      path: join(resolve(folder), machine, file.path),
    })),
  )
  for (const { content, mode, path } of files) {
    try {
      await writeFileAtomic(path, content, mode)
      // The mask of this process may have taken rights away.
      await chmod(path, mode)
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code
      throw new AppError('perimeter.unwritable', `${path} cannot be written (${reason}).`, { cause: error })
    }
  }
  return files.map(({ path }) => path)
}

export function activateScript(commands: Rendering['activate']): string {
  return `#!/bin/sh\n# Run as root on the machine, once the files lie where they belong.\nset -e\n${commands
    .map(commandLine)
    .join('\n')}\n`
}
