import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { makeFolder } from '../../node/make-folder.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { KIT_FILES, kitFile } from './kit-file.ts'
import { findOpenCode, type OpenCodePlatform, type OpenCodeRecord, sha256OfFile } from './opencode-store.ts'
import { type ArchiveEntry, tarOf } from './tar.ts'

export interface Bundle {
  readonly path: string
  readonly size: number
  /** Of the compressed file, lower-case hex. */
  readonly sha256: string
}

export interface BundleOptions {
  readonly version: string
  readonly cacheDir: string
  readonly opencodeDir: string
}

/**
 * Makes bundles from the allow-list in kit-file.ts, once per content: equal content is one file in the cache,
 * requests that come at the same time wait for the same build, and what is served is always a finished file.
 */
export class BundleStore {
  private readonly options: BundleOptions
  private readonly building = new Map<string, Promise<Bundle>>()

  constructor(options: BundleOptions) {
    this.options = options
  }

  /** @throws AppError `setup.opencode-missing` when it should carry an OpenCode that is not there. */
  async get(platform: OpenCodePlatform | undefined): Promise<Bundle> {
    const opencode = platform && (await findOpenCode(this.options.opencodeDir, platform))
    if (platform !== undefined && opencode === undefined)
      throw new AppError('setup.opencode-missing', `The relay has no OpenCode for ${platform}.`)
    const entries = kitEntries(this.options.version, opencode)
    const label = platform ?? 'kit'
    const key = `${label}-${contentKey(entries, opencode)}`
    const known = this.building.get(key)
    if (known !== undefined) {
      const bundle = await known
      if (await isComplete(bundle)) return bundle
      this.building.delete(key)
    }
    return this.building.get(key) ?? this.start(key, label, entries)
  }

  private start(key: string, label: string, entries: readonly ArchiveEntry[]): Promise<Bundle> {
    const bundle = build(this.options.cacheDir, `${key}.tar.gz`, label, entries)
    this.building.set(key, bundle)
    bundle.catch(() => this.building.delete(key))
    return bundle
  }
}

/** Everything that goes into the bundle, under one folder. */
function kitEntries(version: string, opencode: OpenCodeRecord | undefined): ArchiveEntry[] {
  const files: ArchiveEntry[] = [
    ...KIT_FILES.map((name) => ({
      name,
      mode: name.endsWith('.sh') ? 0o755 : 0o644,
      content: kitFile(name),
    })),
    { name: 'VERSION', mode: 0o644, content: versionText(version, opencode) },
  ]
  const sums = files.map((file) => `${'content' in file ? sha256(file.content) : ''}  ${file.name}\n`)
  if (opencode !== undefined) {
    files.push({ name: 'opencode', mode: 0o755, path: opencode.path, size: opencode.size })
    sums.push(`${opencode.sha256}  opencode\n`)
  }
  files.push({ name: 'SHA256SUMS', mode: 0o644, content: sums.join('') })
  return files.map((file) => ({ ...file, name: `sovereign-kit/${file.name}` }))
}

function versionText(version: string, opencode: OpenCodeRecord | undefined): string {
  const carried = opencode === undefined ? '' : `OpenCode ${opencode.version}\n`
  return `Sovereign Bridge client kit ${version}\n${carried}`
}

function contentKey(entries: readonly ArchiveEntry[], opencode: OpenCodeRecord | undefined): string {
  const known = entries.map((entry) =>
    'content' in entry ? [entry.name, entry.mode, sha256(entry.content)] : [entry.name, opencode?.sha256],
  )
  return sha256(JSON.stringify(known)).slice(0, 16)
}

async function build(
  cacheDir: string,
  fileName: string,
  label: string,
  entries: readonly ArchiveEntry[],
): Promise<Bundle> {
  const path = join(cacheDir, fileName)
  await makeFolder(cacheDir)
  if (!(await exists(path))) {
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
    try {
      // Node writes neither a name nor a time into the gzip header.
      await pipeline(tarOf(entries), createGzip({ level: 6 }), createWriteStream(temporary, { mode: 0o600 }))
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    await removeOlder(cacheDir, label, fileName)
  }
  return { path, size: (await stat(path)).size, sha256: await sha256OfFile(path) }
}

/** Downloads that are under way keep their open file. */
async function removeOlder(cacheDir: string, label: string, current: string): Promise<void> {
  const older = (await readdir(cacheDir)).filter(
    (name) =>
      name !== current &&
      name.startsWith(`${label}-`) &&
      /^[0-9a-f]{16}\.tar\.gz$/.test(name.slice(label.length + 1)),
  )
  await Promise.all(older.map((name) => rm(join(cacheDir, name), { force: true })))
}

async function isComplete(bundle: Bundle): Promise<boolean> {
  return stat(bundle.path).then(
    (found) => found.size === bundle.size,
    () => false,
  )
}

async function exists(path: string): Promise<boolean> {
  return open(path).then(
    async (file) => {
      await file.close()
      return true
    },
    () => false,
  )
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
