import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AgentCall, Arrival, Probe, ProbeOutcome, RunResult } from './agent-protocol.ts'

const AGENT = fileURLToPath(new URL('./agent.ts', import.meta.url))
/** Commands of a machine of the lab that stand in for those of the system; see install.ts. */
export const SHIMS = '/run/lab-bin'
const CALL_MS = 60_000
/** Tools live here even where an ordinary user's PATH does not look. */
const PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`
const TOOLS = [
  'unshare',
  'nsenter',
  'ip',
  'bridge',
  'nft',
  'wg',
  'wg-quick',
  'wireguard-go',
  'sysctl',
  'mount',
]

/** One machine of the lab: a network namespace with its own /run and its own view of /etc. */
export interface Host {
  readonly name: string
  /** Inside the process namespace of the lab. */
  readonly pid: number
  /** Fails unless the command ends with 0. */
  sh(script: string): Promise<string>
  run(argv: readonly string[], input?: string): Promise<RunResult>
  listen(ports: { tcp: number[]; udp: number[]; http: number[] }): Promise<void>
  probe(probes: readonly Probe[]): Promise<ProbeOutcome[]>
  /** Those since the last call. */
  arrivals(): Promise<Arrival[]>
  talk(call: Omit<Extract<AgentCall, { op: 'talk' }>, 'op'>): Promise<boolean>
}

/** Machines that see each other only; nothing of them is in the network of this machine. */
export interface World {
  addHost(name: string): Promise<Host>
  close(): Promise<void>
}

/** Why the lab cannot run here; undefined when it can. */
export function whyNoLab(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  const missing = TOOLS.filter((tool) => !PATH.split(':').some((folder) => existsSync(`${folder}/${tool}`)))
  if (missing.length > 0) return `not installed: ${missing.join(', ')} (see docs/perimeter.md)`
  try {
    execFileSync('unshare', [...unshareArgs(), 'sh', '-euc', TRIAL], {
      env: { ...process.env, PATH },
      stdio: 'pipe',
    })
    return undefined
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer }
    const words = stderr?.toString().trim().split('\n').at(-1)
    return words === undefined || words === '' ? String(error) : words
  }
}

/** What every machine of the lab does at its start, and what the kernel has to know. */
const TRIAL = `
  mount -t tmpfs tmpfs /run && mkdir /run/upper /run/work
  mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc
  nft list ruleset
  ip link add trial-bridge type bridge
  ip link add trial-wg type wireguard || command -v wireguard-go || {
    echo "the kernel has no WireGuard, and wireguard-go is not installed" >&2
    exit 1
  }
`

function unshareArgs(): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  return [...user, '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc']
}

/**
 * Starts an empty world. Its first process ends with the pipe to this one, and the kernel then ends all others in
 * there and takes the interfaces, mounts and rules with them: nothing is left behind, however this process ends.
 */
export async function startWorld(): Promise<World> {
  const env = { ...process.env, PATH: `${SHIMS}:${PATH}`, LC_ALL: 'C' }
  const root = spawn(
    'unshare',
    [...unshareArgs(), 'sh', '-c', 'mount -t tmpfs tmpfs /run && echo ready && exec cat'],
    {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const [first] = (await Promise.race([once(root.stdout, 'data'), once(root, 'exit')])) as [unknown]
  if (!String(first).startsWith('ready')) throw new Error('The lab could not start its namespaces.')
  const children = readFileSync(`/proc/${root.pid}/task/${root.pid}/children`, 'utf8').trim()
  const user = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials']
  const enter = ['--target', children, ...user, '--pid', '--mount', '--net']
  const agents: ChildProcess[] = []
  let closed: Promise<void> | undefined
  return {
    addHost: async (name) => {
      const script = [
        `mount -t tmpfs tmpfs /run && mkdir -p /run/etc /run/etc-work /run/wireguard ${SHIMS}`,
        'mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/etc-work /etc',
        // Folders of the real root belong to nobody where the lab is run without root.
        'for dir in systemd wireguard dnsmasq.d; do test ! -d /etc/$dir || mount -t tmpfs tmpfs /etc/$dir; done',
        `exec "${process.execPath}" --disable-warning=ExperimentalWarning "${AGENT}"`,
      ].join(' && ')
      const child = spawn('nsenter', [...enter, 'unshare', '--net', '--mount', 'sh', '-c', script], {
        env,
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      agents.push(child)
      return hostOf(name, child)
    },
    close: () => {
      closed ??= (async () => {
        const ended = [root, ...agents].map((child) => (isOver(child) ? undefined : once(child, 'exit')))
        root.stdin?.destroy()
        await Promise.all(ended)
      })()
      return closed
    },
  }
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function hostOf(name: string, child: ChildProcess): Promise<Host> {
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('The agent has no pipes.')
  stdin.on('error', () => {})
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let nextId = 1
  const lines = createInterface({ input: stdout })
  const hello = once(lines, 'line') as Promise<[string]>
  const gone = () => new Error(`The machine "${name}" of the lab is gone.`)
  const [line] = await Promise.race([hello, once(child, 'exit').then(() => Promise.reject(gone()))])
  const { pid } = JSON.parse(line) as { pid: number }
  lines.on('line', (text) => {
    const { id, value, error } = JSON.parse(text) as { id: number; value: never; error?: string }
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) waiter?.resolve(value)
    else waiter?.reject(new Error(`${name}: ${error}`))
  })
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(gone())
    waiting.clear()
  })
  const ask = <T>(call: AgentCall): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (isOver(child)) return reject(gone())
      const id = nextId++
      const timer = setTimeout(() => reject(new Error(`${name} did not answer "${call.op}"`)), CALL_MS)
      const settle =
        <V>(then: (value: V) => void) =>
        (value: V) => {
          clearTimeout(timer)
          then(value)
        }
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
      stdin.write(`${JSON.stringify({ id, call })}\n`)
    })
  const run = (argv: readonly string[], input = '') => ask<RunResult>({ op: 'run', argv, input })
  return {
    name,
    pid,
    run,
    sh: async (script) => {
      const { code, stdout: out, stderr } = await run(['sh', '-euc', script])
      if (code !== 0) throw new Error(`On "${name}": ${stderr.trim() || out.trim()}\n${script}`)
      return out
    },
    listen: (ports) => ask({ op: 'listen', ...ports }),
    probe: (probes) => ask({ op: 'probe', probes }),
    arrivals: () => ask({ op: 'arrivals' }),
    talk: (call) => ask({ op: 'talk', ...call }),
  }
}
