import { createReadStream } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { extract, type Pack, pack } from 'tar-stream'

/** A file in an archive: from memory, or `size` bytes of a file on disk. */
export type ArchiveEntry = { readonly name: string; readonly mode: number } & (
  | { readonly content: string | Buffer }
  | { readonly path: string; readonly size: number }
)

/** 2020-01-01: a fixed time, so that equal content makes equal archives. */
const FIXED_TIME = new Date(1_577_836_800_000)

/** A tar stream whose bytes depend on nothing but names, modes and content: sorted, no owner, no time. */
export function tarOf(entries: readonly ArchiveEntry[]): Pack {
  const archive = pack()
  const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  addAll(archive, sorted).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  return archive
}

async function addAll(archive: Pack, entries: readonly ArchiveEntry[]): Promise<void> {
  for (const entry of entries) {
    const header = { name: entry.name, mode: entry.mode, mtime: FIXED_TIME, uid: 0, gid: 0 }
    if ('content' in entry) archive.entry(header, entry.content)
    else await pipeline(createReadStream(entry.path), archive.entry({ ...header, size: entry.size }))
  }
}

/** Content by name. @throws what tar-stream throws for anything that is no tar. */
export async function filesInTar(tar: Buffer): Promise<Map<string, Buffer>> {
  const archive = extract()
  archive.end(tar)
  const files = new Map<string, Buffer>()
  for await (const entry of archive) files.set(entry.header.name, await buffer(entry))
  return files
}
