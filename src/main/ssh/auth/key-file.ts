import { readFile, stat } from 'node:fs/promises'
import { parsePublicKey } from './certificate.ts'
import { isPrivateKey, publicHalf } from './private-key.ts'

/** What stands behind an IdentityFile. */
export type KeyFile =
  | {
      readonly kind: 'private'
      readonly path: string
      /** Undefined where only the passphrase would tell. */
      readonly blob: Buffer | undefined
    }
  /** Only the public half is here: an agent has to sign. */
  | { readonly kind: 'public'; readonly path: string; readonly blob: Buffer }
  | { readonly kind: 'missing'; readonly path: string }
  | { readonly kind: 'unusable'; readonly path: string; readonly reason: string }

/** Far above any key; whoever names a film by mistake gets an answer and not a full memory. */
const MAX_KEY_BYTES = 1 << 20

export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readText(path)
  if (typeof text !== 'string') {
    const blob = text.isMissing ? await readPublicKey(`${path}.pub`) : undefined
    if (blob !== undefined) return { kind: 'public', path, blob }
    return text.isMissing ? { kind: 'missing', path } : { kind: 'unusable', path, reason: text.reason }
  }
  if (!isPrivateKey(text)) {
    const blob = parsePublicKey(text)
    return blob === undefined
      ? { kind: 'unusable', path, reason: 'this is no key file' }
      : { kind: 'public', path, blob }
  }
  const blob = publicHalf(text) ?? (await readPublicKey(`${path}.pub`))
  // The file of a security key only says which device to ask.
  if (blob?.includes('sk-', 4, 'latin1') && blob.indexOf('sk-') === 4) return { kind: 'public', path, blob }
  const problem = await permissionProblem(path)
  return problem === undefined ? { kind: 'private', path, blob } : { kind: 'unusable', path, reason: problem }
}

/** The key or certificate of a `.pub` file; undefined when there is none. */
export async function readPublicKey(path: string): Promise<Buffer | undefined> {
  const text = await readText(path)
  return typeof text === 'string' ? parsePublicKey(text) : undefined
}

/** As in ssh: a private key that other users can read is a private key no more. */
async function permissionProblem(path: string): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined
  const { mode, uid } = await stat(path)
  if (uid !== process.getuid?.() || (mode & 0o077) === 0) return undefined
  const octal = (mode & 0o777).toString(8).padStart(4, '0')
  return `other users can read it (mode ${octal}); run: chmod 600 ${path}`
}

async function readText(path: string): Promise<string | { isMissing: boolean; reason: string }> {
  try {
    const { size } = await stat(path)
    if (size > MAX_KEY_BYTES) return { isMissing: false, reason: 'it is too large for a key' }
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    return { isMissing: code === 'ENOENT' || code === 'ENOTDIR', reason: `it cannot be read (${code})` }
  }
}
