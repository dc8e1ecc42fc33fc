import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { endWithThis } from './end-with-this.ts'
import { freePort } from './free-port.ts'

const run = promisify(execFile)

export interface SshdOptions {
  /** Registers the teardown, for example vitest's `onTestFinished`; without it the caller calls `close`. */
  readonly teardown?: (close: () => Promise<void>) => void
  /** Further sshd_config lines; they come first, and in sshd_config the first value wins. */
  readonly config?: readonly string[]
  /** What sessions have in their environment besides. */
  readonly env?: Readonly<Record<string, string>>
  /** Further lines of authorized_keys beside the throw-away client key. */
  readonly authorizedKeys?: readonly string[]
  /** A private host key in OpenSSH format, to stay the same host or to become another one. */
  readonly hostKey?: string
  readonly host?: string
  readonly port?: number
  /** Put before the sshd command, such as `['ip', 'netns', 'exec', name]`. */
  readonly launcher?: readonly string[]
}

/** A real OpenSSH server of this user with throw-away keys. */
export interface Sshd {
  readonly host: string
  readonly port: number
  readonly userName: string
  /** `ssh-ed25519 AAAA…` */
  readonly hostKeyPublic: string
  readonly clientKeyFile: string
  readonly knownHostsFile: string
  readonly dir: string
  /** Of the listening sshd; undefined while stopped. */
  readonly pid: number | undefined
  /** What sshd wrote to its log so far. */
  log(): string
  /** Processes below the listening sshd: one or two per session and what they run. */
  sessionPids(): Promise<number[]>
  /** Ends the listener and every session. */
  stop(signal?: NodeJS.Signals): Promise<void>
  start(): Promise<void>
  restart(signal?: NodeJS.Signals): Promise<void>
  /** Replaces the host key; the known_hosts file keeps the old one. Takes effect at the next start. */
  replaceHostKey(): Promise<void>
  close(): Promise<void>
}

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd'].find((path) => existsSync(path))

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  if (SSHD === undefined) throw new Error('This test needs OpenSSH: install the package openssh-server.')
  const host = options.host ?? '127.0.0.1'
  const port = options.port ?? (await freePort())
  const dir = await mkdtemp(join(tmpdir(), 'sshd-'))
  const clientKeyFile = join(dir, 'client_key')
  const hostKeyFile = join(dir, 'host_key')
  await makeKey(clientKeyFile)
  if (options.hostKey === undefined) await makeKey(hostKeyFile)
  else await writeFile(hostKeyFile, options.hostKey, { mode: 0o600 })
  const hostKeyPublic = await publicKey(hostKeyFile)
  const knownHostsFile = join(dir, 'known_hosts')
  await writeFile(knownHostsFile, `[${host}]:${port} ${hostKeyPublic}\n`)
  await writeFile(
    join(dir, 'authorized_keys'),
    [await publicKey(clientKeyFile), ...(options.authorizedKeys ?? [])].map((line) => `${line}\n`).join(''),
  )
  await writeFile(join(dir, 'sshd_config'), configOf(dir, host, port, options))
  await preparePrivilegeSeparation()

  let child: ChildProcess | undefined
  let log = ''

  async function start(): Promise<void> {
    if (child !== undefined) return
    const command = [...(options.launcher ?? []), SSHD as string, '-D', '-e', '-f', join(dir, 'sshd_config')]
    const started = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] })
    child = started
    endWithThis(started)
    started.stderr?.on('data', (data: Buffer) => {
      log += data.toString()
    })
    // Asking the log rather than the port: a connection without a login counts against its address.
    const isUp = await waitUntil(() => started.exitCode !== null || log.includes('Server listening'), 10_000)
    if (!isUp || started.exitCode !== null) throw new Error(`sshd did not start:\n${log}`)
  }

  async function stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const stopping = child
    if (stopping?.pid === undefined) return
    child = undefined
    const sessions = await descendantsOf(stopping.pid)
    const exited =
      stopping.exitCode === null && stopping.signalCode === null ? once(stopping, 'exit') : undefined
    for (const pid of [stopping.pid, ...sessions]) kill(pid, signal)
    await exited
    await waitUntil(async () => !sessions.some(isAlive), 5_000)
    log = ''
  }

  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= stop().then(() => rm(dir, { recursive: true, force: true }))
    return closed
  }
  options.teardown?.(close)

  try {
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    host,
    port,
    userName: userInfo().username,
    hostKeyPublic,
    clientKeyFile,
    knownHostsFile,
    dir,
    get pid() {
      return child?.pid
    },
    log: () => log,
    sessionPids: async () => (child?.pid === undefined ? [] : descendantsOf(child.pid)),
    stop,
    start,
    restart: async (signal) => {
      await stop(signal)
      await start()
    },
    replaceHostKey: async () => {
      await rm(hostKeyFile)
      await rm(`${hostKeyFile}.pub`, { force: true })
      await makeKey(hostKeyFile)
    },
    close,
  }
}

function configOf(dir: string, host: string, port: number, { config = [], env = {} }: SshdOptions): string {
  return [
    ...config,
    `ListenAddress ${host}:${port}`,
    `HostKey ${join(dir, 'host_key')}`,
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    `PidFile none`,
    // The temp directory is group-writable on some machines, which StrictModes would refuse.
    'StrictModes no',
    'PermitRootLogin yes',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'MaxStartups 100',
    'LogLevel VERBOSE',
    // What the user's own shell does at its start may take long, and a session that is killed may leave locks behind.
    `SetEnv HOME=${dir}${Object.entries(env)
      .map(([name, value]) => ` ${name}=${value}`)
      .join('')}`,
    'Subsystem sftp internal-sftp',
    '',
  ].join('\n')
}

async function makeKey(path: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'throw-away', '-f', path])
}

async function publicKey(path: string): Promise<string> {
  await chmod(path, 0o600)
  const { stdout } = await run('ssh-keygen', ['-y', '-f', path])
  const [type, key] = stdout.trim().split(' ')
  return `${type} ${key}`
}

/** Root's sshd insists on its empty directory, which a container without a running sshd may lack. */
async function preparePrivilegeSeparation(): Promise<void> {
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
}

export async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    // Refused: the answer to the question.
    return false
  } finally {
    socket.destroy()
  }
}

/** Polls until the condition holds; false when it did not in time. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  intervalMs = 20,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    if (await condition()) return true
    if (performance.now() > deadline) return false
    await delay(intervalMs)
  }
}

async function descendantsOf(root: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid='])
  const childrenOf = new Map<number, number[]>()
  for (const line of stdout.trim().split('\n')) {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number)
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid])
  }
  const found: number[] = []
  const queue = [root]
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    const children = childrenOf.get(pid) ?? []
    found.push(...children)
    queue.push(...children)
  }
  return found
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Already gone.
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Reads a file of the server's directory, such as a key. */
export async function readSshdFile(sshd: Sshd, name: string): Promise<string> {
  return readFile(join(sshd.dir, name), 'utf8')
}
