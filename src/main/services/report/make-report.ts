import { hostname } from 'node:os'
import { strToU8, zipSync } from 'fflate'
import { recentLogLines } from '../../../node/log.ts'
import { VERSION } from '../../../node/version.ts'
import type { Check, Checks, Report } from '../../../shared/protocol/diagnostics.ts'
import type { SshTargetSettings } from '../../../shared/settings/schema.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { namedHosts } from '../../ssh/config/resolve-host.ts'
import { type KnownNames, Redactor } from './redactor.ts'

type ReportFile = Report['files'][number]

/** So much of each file is kept: a report is read by a person, and sent around. */
const FILE_MAX_CHARS = 256 * 1024

const READ_ME = `A report of Sovereign Bridge, for whoever helps.

about.json     versions and kind of system
checks.txt     what was looked at, and what to do about it
state.json     the connections as they were
settings.json  the settings
log.txt        the last lines of the log

Credentials were taken out. Machines, people and addresses have other names (host-1, user-1, ip-1), the same ones in
all of these files. Nothing was sent anywhere: read the files before you hand them on.
`

/** Everything that helps somebody who was not there, without what is nobody's business. */
export async function makeReport(core: BridgeCore, checks: Checks): Promise<Report> {
  const redactor = new Redactor(await namesOf(core))
  const file = (name: string, text: string): ReportFile => {
    const shown =
      text.length > FILE_MAX_CHARS ? `${text.slice(0, FILE_MAX_CHARS)}\n… the rest was left out\n` : text
    return { name, text: shown, redactions: redactor.takeCount() }
  }
  const lines = recentLogLines(core.log)
  const files = [
    file('README.txt', READ_ME),
    file('about.json', pretty(about(core))),
    file('checks.txt', `${checks.checks.map((check) => redactor.text(checkText(check))).join('\n')}\n`),
    file('state.json', pretty(redactor.value(core.state))),
    file('settings.json', pretty(redactor.value(core.settings))),
    file('log.txt', lines.map((line) => `${logLine(redactor, line)}\n`).join('')),
  ]
  const zip = zipSync(Object.fromEntries(files.map(({ name, text }) => [name, strToU8(text)])))
  const day = new Date(core.ambient.now()).toISOString().slice(0, 10)
  return {
    fileName: `sovereign-bridge-report-${day}.zip`,
    files,
    zipBase64: Buffer.from(zip).toString('base64'),
  }
}

function about({ state, ambient }: BridgeCore): object {
  const { arch, platform, versions } = process
  const { electron, node, openssl } = versions
  return {
    bridge: VERSION,
    relay: state.relay.health.kind === 'ok' ? state.relay.health.version : null,
    node,
    electron: electron ?? null,
    openssl,
    platform,
    arch,
    at: new Date(ambient.now()).toISOString(),
    upSeconds: Math.round((ambient.now() - state.startedAt) / 1000),
  }
}

function logLine(redactor: Redactor, line: string): string {
  try {
    return JSON.stringify(redactor.value(JSON.parse(line)))
  } catch {
    return redactor.text(line)
  }
}

/** Without the id, which may hold the name of a client beside words that look like a host. */
function checkText({ title, status, detail, fix }: Check): string {
  return `${status.toUpperCase()} ${title}: ${detail}${fix === undefined ? '' : `\n  ${fix}`}`
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Everything by which this user and the machines are called. */
async function namesOf({ settings, ssh, state }: BridgeCore): Promise<KnownNames> {
  // What is wrong with the configuration is said by the checks.
  const named = await namedHosts(ssh).catch(() => [])
  const targets = settings.profiles.flatMap(({ relay, clients, ollama }) => [
    ...('ssh' in relay ? [relay.ssh] : []),
    ...(ollama?.via === undefined ? [] : [ollama.via]),
    ...clients.map((client) => client.ssh),
  ])
  const urls = settings.profiles.flatMap(({ relay, ollama }) => [
    ...('url' in relay ? [relay.url] : []),
    ...(ollama === undefined ? [] : [ollama.url]),
  ])
  const places = [...targets.map(partsOf), ...state.jobs.map(({ subject }) => partsOf(subject))]
  return {
    home: ssh.home,
    users: [
      ssh.userName,
      ...named.flatMap(({ resolved }) => (resolved === undefined ? [] : [resolved.user])),
      ...places.flatMap(({ user }) => (user === undefined ? [] : [user])),
    ],
    hosts: [
      hostname(),
      ...named.flatMap(({ alias, resolved }) => [
        alias,
        ...(resolved === undefined ? [] : [resolved.hostName]),
      ]),
      ...places.map(({ host }) => host),
      ...urls.map((url) => new URL(url).hostname),
      ...settings.profiles.flatMap(({ clients }) => clients.map(({ name }) => name)),
    ],
  }
}

function partsOf(target: SshTargetSettings): { readonly host: string; readonly user?: string | undefined } {
  if (typeof target !== 'string') return target
  const [, user, host = target] = /^(?:ssh:\/\/)?(?:(.+)@)?(.+?)(?::\d+)?\/?$/.exec(target) ?? []
  return { host, user }
}
