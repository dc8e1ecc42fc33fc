import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { z } from 'zod'
import { defaultRelayDataDir } from '../../node/relay-paths.ts'
import {
  findOpenCode,
  isOpenCodePlatform,
  OPENCODE_PLATFORMS,
  type OpenCodePlatform,
  storeOpenCode,
} from '../../relay/setup/opencode-store.ts'
import { openCodeFolder } from '../../relay/setup/setup-routes.ts'
import { AppError } from '../../shared/errors/app-error.ts'

const run = promisify(execFile)

interface BundleOptions {
  readonly withOpencode?: string
  readonly opencodeVersion: string
  readonly platform: OpenCodePlatform
  readonly dataDir?: string
}

/** `sovereign relay bundle`: puts OpenCode into the bundle that clients without internet download. */
export function relayBundleCommand(): Command {
  return (
    new Command('bundle')
      .description('show or choose the OpenCode that /bundle.tar.gz carries for machines without internet')
      .option('--with-opencode <source>', 'path of an OpenCode binary, or "npm" to have npm fetch it')
      .option('--opencode-version <version>', 'version for npm, or the one of the binary', 'latest')
      .option('--platform <platform>', `one of ${OPENCODE_PLATFORMS.join(', ')}`, platformOption, 'linux-x64')
      .option('--data-dir <folder>', 'data folder of the relay')
      // The relay command has --data-dir too and may take it first.
      .action((_options, command: Command) => prepare(command.optsWithGlobals()))
  )
}

async function prepare(options: BundleOptions): Promise<void> {
  const folder = openCodeFolder(dataDirOf(options))
  if (options.withOpencode === undefined) return show(folder)
  const { platform, withOpencode: source } = options
  const stored =
    source === 'npm'
      ? await storeFromNpm(folder, platform, options.opencodeVersion)
      : await storeFromPath(folder, platform, resolve(source), options.opencodeVersion)
  console.log(`OpenCode ${stored.version} for ${platform}, SHA-256 ${stored.sha256}`)
  console.log('Clients get it with: curl -fsSL http://localhost:8080/setup | bash -s -- --with-opencode')
}

async function show(folder: string): Promise<void> {
  const found = await Promise.all(
    OPENCODE_PLATFORMS.map(async (platform) => ({ platform, record: await findOpenCode(folder, platform) })),
  )
  const carried = found.flatMap(({ platform, record }) =>
    record === undefined ? [] : [`${platform}: OpenCode ${record.version}, SHA-256 ${record.sha256}`],
  )
  console.log(carried.length === 0 ? 'The bundle carries no OpenCode.' : carried.join('\n'))
}

async function storeFromPath(folder: string, platform: OpenCodePlatform, path: string, version: string) {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
  if (!isFile) throw new AppError('setup.opencode-missing', `There is no file ${path}.`)
  return storeOpenCode(folder, platform, path, version === 'latest' ? 'unknown' : version)
}

/** npm checks what it fetches against the checksum of its registry; scripts of the package are not run. */
async function storeFromNpm(folder: string, platform: OpenCodePlatform, version: string) {
  const name = `opencode-${platform}`
  const temporary = await mkdtemp(join(tmpdir(), 'sovereign-opencode-'))
  try {
    await run(
      'npm',
      ['install', '--prefix', temporary, '--ignore-scripts', '--no-audit', '--force', `${name}@${version}`],
      { maxBuffer: 16 * 1024 * 1024 },
    )
    const home = join(temporary, 'node_modules', name)
    const manifest = z
      .looseObject({ version: z.string() })
      .parse(JSON.parse(await readFile(join(home, 'package.json'), 'utf8')))
    return await storeOpenCode(folder, platform, join(home, 'bin/opencode'), manifest.version)
  } catch (error) {
    throw new AppError('setup.opencode-missing', `npm could not fetch ${name}@${version}.`, {
      cause: error,
      remedy: 'Check that this machine reaches the npm registry, or name the path of a binary.',
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

function platformOption(text: string): OpenCodePlatform {
  if (isOpenCodePlatform(text)) return text
  throw new AppError('setup.arguments-invalid', `"${text}" is none of ${OPENCODE_PLATFORMS.join(', ')}.`)
}

function dataDirOf({ dataDir }: BundleOptions): string {
  return dataDir === undefined ? defaultRelayDataDir(process.env) : resolve(dataDir)
}
