import type { ListenAddress } from '../../shared/state/bridge-state.ts'
import type { Connection } from './connection.ts'

/** Identifies one process beyond the reuse of its number. */
export interface RemoteProcess {
  readonly pid: number
  /** Start time as the far system writes it. */
  readonly startedAt: string
}

export interface Inspection {
  /** Whether anything listens on the address; undefined when that could not be found out. */
  readonly isHeld: boolean | undefined
  readonly holderPid: number | undefined
  readonly holderName: string | undefined
  /** Ports that cannot be listened on, for choosing another: those of connections on their way out as well. */
  readonly usedPorts: ReadonlySet<number>
  /** For sockets: what stands at the path. */
  readonly pathKind: 'none' | 'socket' | 'other'
}

/** `pid start-time` of a process: /proc where there is one, ps otherwise. */
const IDENTIFY = `
identify() {
  s=$(cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null) || s=
  [ -n "$s" ] || s=$(ps -o lstart= -p "$1" 2>/dev/null)
  echo "$1 $s"
}
`

/** Ends a process only when number, start time and program are those of our own earlier session. */
const END_SESSION = `${IDENTIFY}
pid=$1; shift
is_ours() {
  [ "$(identify "$pid")" = "$pid $*" ] || return 1
  case "$(cat "/proc/$pid/comm" 2>/dev/null || ps -o comm= -p "$pid" 2>/dev/null)" in *sshd*) return 0 ;; esac
  return 1
}
is_ours "$@" || exit 3
kill "$pid" || exit 4
# A session that was stopped, or hangs in the kernel, does not heed the polite signal.
for i in 1 2 3 4; do is_ours "$@" || exit 0; sleep 0.05; done
kill -KILL "$pid"
`

const INSPECT_PORT = `
port=$1
hex=$(printf '%04X' "$port")
echo "@ports"
if [ -r /proc/net/tcp ]; then
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r n local remote state rest; do
    echo "\${local##*:} $state"
  done
else
  echo "@lsof"
  lsof -nP -iTCP -Fn 2>/dev/null
fi
echo "@holder"
ss -Hltnp "sport = :$port" 2>/dev/null
lsof -nP -iTCP:"$port" -sTCP:LISTEN -Fpc 2>/dev/null
exit 0
`

const INSPECT_SOCKET = `
path=$1
echo "@kind"
if [ -S "$path" ]; then echo socket; elif [ -e "$path" ]; then echo other; else echo none; fi
echo "@listening"
if [ -r /proc/net/unix ]; then
  while read -r num refs proto flags type state inode name; do
    [ "$name" = "$path" ] && [ "$flags" = 00010000 ] && echo yes
  done < /proc/net/unix
  echo known
fi
echo "@holder"
ss -Hlxp src "$path" 2>/dev/null
lsof -Fpc "$path" 2>/dev/null
exit 0
`

export async function identifySession(connection: Connection): Promise<RemoteProcess | undefined> {
  const { stdout } = await runScript(connection, `${IDENTIFY}\nidentify "$1"`, ['$PPID'])
  const [pid, ...startedAt] = stdout.trim().split(/\s+/)
  const process = { pid: Number(pid), startedAt: startedAt.join(' ') }
  return Number.isInteger(process.pid) && process.pid > 1 && process.startedAt !== '' ? process : undefined
}

/** @returns true when that very process is gone now. */
export async function endSession(connection: Connection, session: RemoteProcess): Promise<boolean> {
  const { exitCode } = await runScript(connection, END_SESSION, [
    String(session.pid),
    ...session.startedAt.split(' ').map(quote),
  ])
  return exitCode === 0 || exitCode === 3
}

export async function removeSocket(connection: Connection, path: string): Promise<void> {
  await runScript(connection, '[ -S "$1" ] && rm -f -- "$1"', [quote(path)])
}

export async function inspect(connection: Connection, address: ListenAddress): Promise<Inspection> {
  const [script, argument] =
    address.kind === 'tcp' ? [INSPECT_PORT, String(address.port)] : [INSPECT_SOCKET, quote(address.path)]
  const { stdout } = await runScript(connection, script, [argument])
  return parseInspection(stdout, address)
}

/** @internal exported for tests */
export function parseInspection(output: string, address: ListenAddress): Inspection {
  const sections = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of output.split('\n')) {
    if (line.startsWith('@')) {
      lines = []
      sections.set(line.slice(1), lines)
    } else if (line !== '') lines.push(line)
  }
  const holder = (sections.get('holder') ?? []).join('\n')
  const pid = /pid=(\d+)/.exec(holder)?.[1] ?? /^p(\d+)$/m.exec(holder)?.[1]
  const holderName = /\(\("([^"]+)"/.exec(holder)?.[1] ?? /^c(.+)$/m.exec(holder)?.[1]
  const ports = [
    ...(sections.get('ports') ?? []).map(procPort),
    ...(sections.get('lsof') ?? []).map(lsofPort).filter((found) => found !== undefined),
  ]
  const kind = sections.get('kind')?.[0]
  return {
    isHeld: isHeld(sections, ports, holder, address),
    holderPid: pid === undefined ? undefined : Number(pid),
    holderName,
    usedPorts: new Set(ports.map(({ port }) => port)),
    pathKind: kind === 'socket' || kind === 'other' ? kind : 'none',
  }
}

interface UsedPort {
  readonly port: number
  readonly isListening: boolean
}

/** `1F90 0A` of /proc/net/tcp, where 0A is LISTEN. */
function procPort(line: string): UsedPort {
  const [port = '', state] = line.split(' ')
  return { port: Number.parseInt(port, 16), isListening: state === '0A' }
}

/** `n127.0.0.1:8080`, or `n127.0.0.1:50000->192.0.2.1:443` for a connection. */
function lsofPort(line: string): UsedPort | undefined {
  const [local = '', far] = line.split('->')
  const port = /^n.*:(\d+)$/.exec(local)?.[1]
  return port === undefined ? undefined : { port: Number(port), isListening: far === undefined }
}

function isHeld(
  sections: ReadonlyMap<string, readonly string[]>,
  ports: readonly UsedPort[],
  holder: string,
  address: ListenAddress,
): boolean | undefined {
  if (holder !== '') return true
  if (address.kind === 'tcp') {
    return sections.has('holder')
      ? ports.some(({ port, isListening }) => isListening && port === address.port)
      : undefined
  }
  const listening = sections.get('listening') ?? []
  if (listening.includes('yes')) return true
  return listening.includes('known') ? false : undefined
}

/** The script travels on standard input, so that it does not matter which shell the user has. */
function runScript(connection: Connection, script: string, quotedArguments: readonly string[]) {
  return connection.exec(`sh -s ${quotedArguments.join(' ')}`, {
    stdin: script,
    signal: AbortSignal.timeout(5_000),
  })
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
