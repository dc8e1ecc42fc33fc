import { lstat, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { SecretPlace, SecretStore } from './secret-store.ts'

const fileSchema = z.strictObject({ version: z.literal(1), secrets: z.record(z.string(), z.string()) })

/** Beside the settings; its name says what is in it and how. */
export function secretsFilePath(settingsPath: string): string {
  return join(dirname(settingsPath), 'secrets-not-encrypted.json')
}

/** A file of ours alone that holds secrets as they are; made with the first of them. */
export async function fileStore(path: string): Promise<SecretPlace> {
  try {
    await readSecrets(path)
    return { kind: 'available', store: storeIn(path) }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { kind: 'unavailable', reason: error.message.replace(/\.$/, '') }
  }
}

function storeIn(path: string): SecretStore {
  /** One change after the other, or the later one would write over the earlier. */
  let turn: Promise<unknown> = Promise.resolve()
  const change = (edit: (secrets: Map<string, string>) => boolean): Promise<void> => {
    const changing = turn.then(async () => {
      const secrets = await readSecrets(path)
      if (edit(secrets)) await writeSecrets(path, secrets)
    })
    turn = changing.catch(() => undefined)
    return changing
  }
  return {
    get: async (name) => (await readSecrets(path)).get(name),
    set: (name, secret) =>
      change((secrets) => {
        secrets.set(name, secret)
        return true
      }),
    delete: (name) => change((secrets) => secrets.delete(name)),
    describe: () => `in the file ${path}, which only you can read and which is not encrypted`,
  }
}

/** @throws AppError `secrets.unavailable` for a file that others may read, or that is not one of ours. */
async function readSecrets(path: string): Promise<Map<string, string>> {
  let text: string
  try {
    await checkIsPrivate(path)
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof AppError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return new Map()
    throw new AppError('secrets.unavailable', `${path} cannot be read (${String(code)}).`, { cause: error })
  }
  const { data } = fileSchema.safeParse(parseJson(text))
  if (data !== undefined) return new Map(Object.entries(data.secrets))
  throw new AppError('secrets.unavailable', `${path} is no file of secrets that this version knows.`, {
    remedy: 'Move it away; the next secret that is to be kept makes a new one.',
  })
}

/** As ssh does it with private keys; Windows has no such bits, and keeps the folder to its user. */
async function checkIsPrivate(path: string): Promise<void> {
  const { mode, uid } = await lstat(path)
  if (process.platform === 'win32') return
  const permissions = (mode & 0o777).toString(8).padStart(4, '0')
  if ((mode & 0o170_000) !== 0o100_000)
    throw new AppError('secrets.unavailable', `${path} is no plain file.`, { remedy: 'Move it away.' })
  if (uid !== process.getuid?.())
    throw new AppError('secrets.unavailable', `${path} belongs to another user.`, { remedy: 'Move it away.' })
  if ((mode & 0o077) !== 0)
    throw new AppError('secrets.unavailable', `${path} is open to other users (mode ${permissions}).`, {
      remedy: `Run chmod 600 on it, and change what is in it: others may have read it.`,
    })
}

async function writeSecrets(path: string, secrets: ReadonlyMap<string, string>): Promise<void> {
  const content = { version: 1, secrets: Object.fromEntries(secrets) } satisfies z.infer<typeof fileSchema>
  try {
    await writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`, 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new AppError('secrets.unavailable', `${path} cannot be written (${String(code)}).`, {
      cause: error,
      remedy: 'Make room, and check that its folder is yours.',
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
