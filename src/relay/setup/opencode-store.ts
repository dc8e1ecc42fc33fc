import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, copyFile, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { makeFolder } from '../../node/make-folder.ts'

/** The kinds of machine that OpenCode is made for, as its packages are named. */
export const OPENCODE_PLATFORMS = [
  'linux-x64',
  'linux-x64-musl',
  'linux-arm64',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
] as const
export type OpenCodePlatform = (typeof OPENCODE_PLATFORMS)[number]

export function isOpenCodePlatform(text: string): text is OpenCodePlatform {
  return OPENCODE_PLATFORMS.some((platform) => platform === text)
}

const record = z.strictObject({
  version: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().positive(),
})
export type OpenCodeRecord = z.infer<typeof record> & { readonly path: string }

/** Copies an OpenCode binary to where bundles take it from; its checksum is noted and checked again later. */
export async function storeOpenCode(
  folder: string,
  platform: OpenCodePlatform,
  binary: string,
  version: string,
): Promise<OpenCodeRecord> {
  const home = join(folder, platform)
  const path = join(home, 'opencode')
  await makeFolder(home)
  await copyFile(binary, `${path}.new`)
  await chmod(`${path}.new`, 0o755)
  const entry = { version, sha256: await sha256OfFile(`${path}.new`), size: (await stat(`${path}.new`)).size }
  await rename(`${path}.new`, path)
  await writeFileAtomic(join(home, 'opencode.json'), `${JSON.stringify(entry, null, 2)}\n`)
  return { ...entry, path }
}

/** What {@link storeOpenCode} left for this platform; `undefined` where there is nothing or it was tampered with. */
export async function findOpenCode(
  folder: string,
  platform: OpenCodePlatform,
): Promise<OpenCodeRecord | undefined> {
  const path = join(folder, platform, 'opencode')
  const text = await readFile(`${path}.json`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const parsed = record.safeParse(parseJson(text))
  const size = await stat(path).then(
    (found) => found.size,
    () => -1,
  )
  return parsed.success && parsed.data.size === size ? { ...parsed.data, path } : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // The caller's schema refuses it.
  }
}

/** Lower-case hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}
