import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { VERSION } from '../../../node/version.ts'
import type { Settings } from '../../../shared/settings/schema.ts'
import { activeProfile, targetOf } from '../../bridge/profile.ts'
import { fileStore, secretsFilePath } from '../../secrets/file-store.ts'
import { keytarStore } from '../../secrets/keytar-store.ts'
import { readSettingsFile } from '../../settings/settings-file.ts'
import { findMistakes } from '../../settings/settings-text.ts'
import { namedHosts, type ResolveOptions, resolveHost } from '../../ssh/config/resolve-host.ts'
import { type Finding, failed, type Look, ok, sizeText, skipped, warning } from './check.ts'

/** What can be looked at without a bridge that runs. */
export interface Surroundings {
  readonly settingsPath: string
  readonly ssh: ResolveOptions
  /** Of the relay in this program. */
  readonly relayDataDir: string
}

const LEAST_NODE = 24
/** Usage of a year is some megabytes; SQLite needs as much again while it tidies up. */
const LITTLE_SPACE_BYTES = 200 * 2 ** 20
const NO_SPACE_BYTES = 20 * 2 ** 20

/** `settings` are undefined while the file cannot be used. */
export function localLooks(around: Surroundings, settings: Settings | undefined): Look[] {
  return [
    { id: 'program', title: 'This program', run: async () => lookAtProgram() },
    { id: 'settings', title: 'Settings file', run: () => lookAtSettings(around.settingsPath) },
    {
      id: 'keychain',
      title: 'Place for passphrases',
      run: () => lookAtSecrets(around.settingsPath, settings?.secrets),
    },
    { id: 'ssh-config', title: 'SSH configuration', run: () => lookAtSshConfig(around.ssh, settings) },
    { id: 'disk', title: 'Room for the relay on this computer', run: () => lookAtDisk(around, settings) },
  ]
}

function lookAtProgram(): Finding {
  const { electron, node } = process.versions
  const runtime = electron === undefined ? `Node ${node}` : `Electron ${electron} with Node ${node}`
  const detail = `Sovereign Bridge ${VERSION} on ${runtime}, ${process.platform} ${process.arch}.`
  if (Number(node.split('.')[0]) >= LEAST_NODE) return ok(detail)
  return failed(detail, `Use Node ${LEAST_NODE} or later: https://nodejs.org/en/download.`)
}

async function lookAtSettings(path: string): Promise<Finding> {
  const file = await readSettingsFile(path)
  if (!file.existed) return ok(`There is no ${path}; the defaults hold.`)
  const mistakes = findMistakes(file.text)
  const [first] = mistakes
  if (first === undefined) return ok(`${path} can be used.`)
  const line = first.line === undefined ? '' : ` line ${first.line}`
  const more = mistakes.length === 1 ? '' : `; ${mistakes.length - 1} more`
  const place = first.path === '' ? '' : `${first.path} `
  return failed(
    `${path}${line}: ${place}${first.text}${more}`,
    'Correct it; until then the settings of before hold, and the bridge does not start anew.',
  )
}

async function lookAtSecrets(
  settingsPath: string,
  choice: Settings['secrets'] = 'keychain',
): Promise<Finding> {
  if (choice === 'ask') return ok('Passphrases are asked for in every run, as the settings want it.')
  const isFile = choice === 'file'
  const place = await (isFile ? fileStore(secretsFilePath(settingsPath)) : keytarStore())
  if (place.kind === 'available') return ok(`Passphrases can be kept ${place.store.describe()}.`)
  if (isFile)
    return warning(
      `${place.reason}. Passphrases are asked for in every run.`,
      'Make the file yours alone (mode 600), or move it away; what was open to others should be changed.',
    )
  return warning(
    `No keychain answers: ${place.reason}. Passphrases are asked for in every run.`,
    'Start a Secret Service such as gnome-keyring or use an SSH agent. Or choose in the settings, under "secrets": "file" keeps them in a file that only you can read, "ask" is content with being asked.',
  )
}

/** All of it can be read, and every host of the settings can be found in it. */
async function lookAtSshConfig(options: ResolveOptions, settings: Settings | undefined): Promise<Finding> {
  const named = await namedHosts(options)
  for (const target of settings === undefined ? [] : hostsOf(settings)) await resolveHost(target, options)
  return ok(
    `${options.configFiles[0] ?? 'It'} names ${named.length} ${named.length === 1 ? 'host' : 'hosts'}.`,
  )
}

function hostsOf(settings: Settings) {
  const { relay, clients } = activeProfile(settings)
  return [...('ssh' in relay ? [relay.ssh] : []), ...clients.map(({ ssh }) => ssh)].map(targetOf)
}

async function lookAtDisk({ relayDataDir }: Surroundings, settings: Settings | undefined): Promise<Finding> {
  if (settings !== undefined && !('embedded' in activeProfile(settings).relay))
    return skipped('The relay is on another machine.')
  const { bavail, bsize } = await statfsOfNearest(relayDataDir)
  const free = Number(bavail) * Number(bsize)
  const detail = `${sizeText(free)} are free for ${relayDataDir}.`
  if (free > LITTLE_SPACE_BYTES) return ok(detail)
  const fix =
    'Make room: on a full disk usage is counted in memory only, and a sign-in is lost with the next start.'
  return free > NO_SPACE_BYTES ? warning(detail, fix) : failed(detail, fix)
}

/** The folder may be yet to be made. */
async function statfsOfNearest(path: string): ReturnType<typeof statfs> {
  try {
    return await statfs(path)
  } catch (error) {
    if (dirname(path) === path) throw error
    return statfsOfNearest(dirname(path))
  }
}
