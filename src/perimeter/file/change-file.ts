import { open, readFile, realpath, rm, stat } from 'node:fs/promises'
import { applyEdits, type JSONPath, modify } from 'jsonc-parser'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { parsePerimeter, readPerimeterText } from './read-perimeter.ts'
import type { Perimeter } from './schema.ts'

/** One value of the file. */
export interface Edit {
  readonly path: JSONPath
  /** `undefined` removes it. */
  readonly value: unknown
  /** Whether the value becomes a further item of the list at this place. */
  readonly insert?: boolean
}

/**
 * Changes values of a perimeter file in place; comments and order stay. One change at a time, whoever makes it, and the
 * file is valid before and after it.
 *
 * @param decide is told what the file says and returns what changes, with anything that its caller wants back.
 * @throws AppError `perimeter.busy`, `perimeter.invalid`, `perimeter.unreadable` or `perimeter.unwritable`
 */
export async function changePerimeter<T>(
  name: string,
  decide: (perimeter: Perimeter) => Promise<{ readonly edits: readonly Edit[]; readonly result: T }>,
): Promise<T> {
  // A link stays one: what it leads to is changed.
  const path = await realpath(name).catch(() => name)
  const release = await takeLock(path)
  try {
    const text = await readPerimeterText(path)
    const { edits, result } = await decide(parsePerimeter(text, path))
    const changed = edits.reduce(edited, text)
    parsePerimeter(changed, path)
    // An editor knows no lock.
    if ((await readPerimeterText(path)) !== text) throw overtaken(path)
    // Whoever may read the file may do so afterwards.
    const { mode } = await stat(path)
    await writeFileAtomic(path, changed, mode & 0o777).catch((error: NodeJS.ErrnoException) => {
      throw new AppError('perimeter.unwritable', `${path} cannot be written (${error.code}).`, {
        cause: error,
      })
    })
    return result
  } finally {
    await release()
  }
}

function edited(text: string, { insert = false, path, value }: Edit): string {
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: text.includes('\r\n') ? '\r\n' : '\n' }
  return applyEdits(text, modify(text, path, value, { formattingOptions, isArrayInsertion: insert }))
}

/** A lock whose process is gone is taken over. */
async function takeLock(path: string): Promise<() => Promise<void>> {
  const lock = `${path}.lock`
  for (let attempt = 0; ; attempt += 1) {
    try {
      const file = await open(lock, 'wx', 0o600)
      await file.writeFile(String(process.pid))
      await file.close()
      return () => rm(lock, { force: true })
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code
      if (reason === 'ENOENT') throw new AppError('perimeter.unreadable', `${path} does not exist.`)
      if (reason !== 'EEXIST')
        throw new AppError('perimeter.unwritable', `${lock} cannot be written (${reason}).`, { cause: error })
      const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
      // Between its making and its number a lock is empty: that one is at work.
      if (attempt > 0 || holder === 0 || isRunning(holder)) throw busy(path, lock, holder)
      await rm(lock, { force: true })
    }
  }
}

function busy(path: string, lock: string, holder: number): AppError {
  const who = holder > 0 ? ` (process ${holder})` : ''
  return new AppError('perimeter.busy', `Another command${who} is changing ${path}.`, {
    remedy: `Wait until it has finished, and try again. If there is none, delete ${lock}.`,
  })
}

function overtaken(path: string): AppError {
  return new AppError('perimeter.busy', `${path} was changed by somebody else in this moment.`, {
    remedy: 'Try again; nothing was changed.',
  })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
