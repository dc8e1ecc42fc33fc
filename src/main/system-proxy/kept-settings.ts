import { readFile, rm } from 'node:fs/promises'
import { z } from 'zod'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Settings, SystemName } from './proxy-store.ts'

/** What was there before, and what was put in its place. */
export interface KeptSettings {
  readonly system: SystemName
  readonly before: Settings
  readonly set: Settings
}

const pairs = z.array(z.tuple([z.string(), z.string().nullable()])).transform((entries) => new Map(entries))
const schema = z.object({
  system: z.enum(['macos', 'windows', 'gnome', 'kde']),
  before: pairs,
  set: pairs,
})

/** @throws AppError `system-proxy.failed` where the file cannot be understood */
export async function readKept(file: string): Promise<KeptSettings | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new AppError(
      'system-proxy.failed',
      `${file}, with the proxy that was set before, cannot be read.`,
      {
        cause,
        remedy: 'Look at the proxy settings of the system, set them by hand, and delete the file.',
      },
    )
  }
}

/** For its owner alone: the address of a proxy may have a password in it. */
export async function writeKept(file: string, { before, set, system }: KeptSettings): Promise<void> {
  const text = JSON.stringify({ system, before: [...before], set: [...set] }, undefined, 2)
  await writeFileAtomic(file, `${text}\n`).catch((cause: NodeJS.ErrnoException) => {
    throw new AppError(
      'system-proxy.failed',
      `${file} cannot be written (${cause.code}), so the proxy of the system was left as it is.`,
      { cause, remedy: 'Make room on the disk, and the folder writable for this user.' },
    )
  })
}

export async function dropKept(file: string): Promise<void> {
  await rm(file, { force: true })
}
