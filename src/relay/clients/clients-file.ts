import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { AppError } from '../../shared/errors/app-error.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const clientSchema = z.strictObject({
  name: z.string().min(1),
  sha256,
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
})

const fileSchema = z.strictObject({
  version: z.literal(1),
  required: z.boolean(),
  adminSha256: sha256.nullable(),
  clients: z.array(clientSchema),
})

export type StoredClient = z.infer<typeof clientSchema>
export type ClientsState = z.infer<typeof fileSchema>

const EMPTY: ClientsState = { version: 1, required: false, adminSha256: null, clients: [] }

/**
 * A missing file is an empty list. A broken one is not: treating it as empty would let everybody in.
 *
 * @throws AppError `clients.file-unusable`
 */
export async function readClients(path: string): Promise<ClientsState> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return EMPTY
    throw unusable(path, 'cannot be read', error)
  }
  try {
    return fileSchema.parse(JSON.parse(text))
  } catch (error) {
    throw unusable(path, 'is not a list of clients', error)
  }
}

/** @throws AppError `clients.file-unusable` */
export async function writeClients(path: string, state: ClientsState): Promise<void> {
  try {
    await writeFileAtomic(path, `${JSON.stringify(state, null, 2)}\n`)
  } catch (error) {
    throw unusable(path, 'cannot be written', error)
  }
}

function unusable(path: string, what: string, cause: unknown): AppError {
  const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return new AppError('clients.file-unusable', `${path} ${what}${reason}.`, { cause })
}
