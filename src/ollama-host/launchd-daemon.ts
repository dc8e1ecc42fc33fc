import { plistText } from '../node/plist.ts'
import { serviceEnvironment } from './environment.ts'
import { type OllamaService, OWN_MARK, type ServiceFile } from './service.ts'

export const DAEMON_LABEL = 'io.sovereign-bridge.ollama'
export const LOG_KEEPER_LABEL = 'io.sovereign-bridge.ollama-log'
export const DAEMON_FOLDER = '/Library/LaunchDaemons'
export const LOG_FOLDER = '/var/log/sovereign-ollama'
export const LOG_FILE = `${LOG_FOLDER}/ollama.log`

const LOG_MAX_BYTES = 10 * 1024 * 1024
const LOGS_KEPT = 5

/** A daemon runs from boot on, whether or not anybody logs in. */
export function launchdDaemons(service: OllamaService): ServiceFile[] {
  return [file(DAEMON_LABEL, ollamaDaemon(service)), file(LOG_KEEPER_LABEL, logKeeper(service))]
}

function ollamaDaemon(service: OllamaService): string {
  const { binary, home, user } = service
  return plistText({
    Label: DAEMON_LABEL,
    ProgramArguments: [binary, 'serve'],
    EnvironmentVariables: serviceEnvironment(service),
    UserName: user,
    GroupName: user,
    WorkingDirectory: home,
    RunAtLoad: true,
    KeepAlive: true,
    ThrottleInterval: 10,
    ExitTimeOut: 30,
    Umask: 0o077,
    HardResourceLimits: { Core: 0, NumberOfFiles: 65_536 },
    SoftResourceLimits: { Core: 0, NumberOfFiles: 65_536 },
    // Anything less is slowed down, which "Background" says of work that nobody waits for.
    ProcessType: 'Interactive',
    StandardOutPath: LOG_FILE,
    StandardErrorPath: LOG_FILE,
  })
}

/**
 * Once an hour. launchd holds the log open for as long as Ollama runs, so that newsyslog(8) would have it go on in the
 * file that was renamed; the text is copied and the file emptied instead, by the account that it belongs to.
 */
function logKeeper({ user }: OllamaService): string {
  return plistText({
    Label: LOG_KEEPER_LABEL,
    ProgramArguments: ['/bin/sh', '-c', logScript(LOG_FILE, LOG_MAX_BYTES)],
    UserName: user,
    GroupName: user,
    StartInterval: 3600,
    Umask: 0o077,
    ProcessType: 'Background',
  })
}

/** Keeps five older logs; what is written between the copy and the emptying is lost, which is a line at most. */
export function logScript(log: string, maxBytes: number): string {
  const moves = Array.from({ length: LOGS_KEPT - 1 }, (_, index) => LOGS_KEPT - 2 - index).map(
    (age) => `[ ! -f '${log}.${age}.gz' ] || mv '${log}.${age}.gz' '${log}.${age + 1}.gz'`,
  )
  return [
    'set -eu',
    'umask 077',
    `[ -f '${log}' ] || exit 0`,
    `[ "$(wc -c < '${log}')" -gt ${maxBytes} ] || exit 0`,
    ...moves,
    `gzip -c '${log}' > '${log}.0.gz'`,
    `: > '${log}'`,
  ].join('\n')
}

function file(label: string, content: string): ServiceFile {
  const marked = content.replace('<plist ', `<!-- ${OWN_MARK} -->\n<plist `)
  return { path: `${DAEMON_FOLDER}/${label}.plist`, content: marked, mode: 0o644 }
}
