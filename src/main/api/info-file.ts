import { randomBytes } from 'node:crypto'
import { link, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../shared/errors/app-error.ts'

const infoSchema = z.object({
  /** Loopback only: whoever reads it sends secrets there. */
  url: z.string().regex(/^ws:\/\/(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]):\d{1,5}\/[\w/-]*$/),
  token: z.string().regex(/^[\w-]{16,200}$/),
  pid: z.int().positive(),
  version: z.string(),
})
/** How to reach a running bridge. Whoever can read it may do everything that the bridge can. */
export type BridgeInfo = z.infer<typeof infoSchema>

export function infoFilePath(runtimeDir: string): string {
  return join(runtimeDir, 'bridge.json')
}

/**
 * @returns undefined when there is none.
 * @throws AppError `bridge.info-unusable` when it is damaged or could have been written by another user.
 */
export async function readInfoFile(path: string): Promise<BridgeInfo | undefined> {
  const text = await readOwn(path)
  if (text === undefined) return undefined
  const info = parseInfo(text)
  if (info === undefined) throw new AppError('bridge.info-unusable', `${path} is damaged.`)
  return info
}

/**
 * Puts the info file in its place, which only one bridge can do; the folder must be prepared already.
 *
 * @param isAlive whether the bridge of an info file that is there already still answers.
 * @returns a function that takes the file away again, unless it is another bridge's by then.
 * @throws AppError `bridge.already-running`.
 */
export async function claimInfoFile(
  path: string,
  info: BridgeInfo,
  isAlive: (other: BridgeInfo) => Promise<boolean>,
): Promise<() => Promise<void>> {
  const text = `${JSON.stringify(info, undefined, 2)}\n`
  const own = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeFile(own, text, { mode: 0o600, flag: 'wx' })
    // Whoever loses a race finds the file of the winner in the next round.
    for (let round = 0; round < 5; round += 1) {
      if (await placed(own, path)) return () => removeIf(path, text)
      const found = await readFile(path, 'utf8').catch(() => '')
      const other = parseInfo(found)
      if (other !== undefined && (await isAlive(other))) throw alreadyRunning(other, path)
      await removeIf(path, found)
    }
    throw new AppError('bridge.already-running', `Several bridges start at once and fight over ${path}.`)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('bridge.info-unusable', `${path} cannot be written: ${(cause as Error).message}.`, {
      cause,
    })
  } finally {
    await rm(own, { force: true })
  }
}

function alreadyRunning({ pid, version }: BridgeInfo, path: string): AppError {
  return new AppError(
    'bridge.already-running',
    `A bridge of this user runs already: process ${pid}, version ${version}, by ${path}.`,
  )
}

/** A hard link never replaces, and what it shows is complete from the first moment. */
async function placed(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Removes the file only while it holds this text: moved away first, since it may change between two looks. */
async function removeIf(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) !== text) return
  const aside = `${path}.${randomBytes(6).toString('hex')}.old`
  try {
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) !== text) await placed(aside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  } finally {
    await rm(aside, { force: true })
  }
}

function parseInfo(text: string): BridgeInfo | undefined {
  try {
    return infoSchema.safeParse(JSON.parse(text)).data
  } catch {
    // Half a file of a crash: not an info file.
    return undefined
  }
}

/** Looks at the opened file and not at the path, which could be exchanged in between. */
async function readOwn(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r')
    const { uid, mode } = await file.stat()
    const isOurs = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0)
    if (!isOurs) throw new AppError('bridge.info-unusable', `${path} can be written by another user.`)
    return await file.readFile('utf8')
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new AppError('bridge.info-unusable', `${path} cannot be read: ${(cause as Error).message}.`, {
      cause,
    })
  }
}
