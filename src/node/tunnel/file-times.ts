import { stat } from 'node:fs/promises'
import { isPemText } from './tls-material.ts'

/**
 * A text that is another one when one of these files is, or who may read it: also where a volume is mounted, which tells
 * of no change by itself. PEM text in place of a path stays as it is; a file that is gone has a text of its own.
 */
export async function fileTimes(sources: readonly (string | undefined)[]): Promise<string> {
  const files = sources.filter((source): source is string => source !== undefined && !isPemText(source))
  const times = files.map(async (file) => {
    const found = await stat(file).catch(() => undefined)
    return found === undefined
      ? '-'
      : `${found.mtimeMs}:${found.ctimeMs}:${found.ino}:${found.size}:${found.mode}`
  })
  return (await Promise.all(times)).join(' ')
}
