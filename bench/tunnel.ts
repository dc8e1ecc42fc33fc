import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { issueCertificate } from '../src/node/pki/issue.ts'
import { makeAuthority } from '../src/node/pki/make-authority.ts'
import { freePort } from '../test/support/free-port.ts'
import { accepts, type Sshd, startSshd, waitUntil } from '../test/support/start-sshd.ts'
import { type Goal, reportGoals } from './support/goals.ts'
import { coarseCpuMs, usageOf } from './support/process-usage.ts'
import { median, Processes } from './support/processes.ts'
import { reportCrowds } from './support/tunnel-crowd.ts'
import { bulk, type Open, openMs, openSocks, openTcp, small } from './support/tunnel-load.ts'

/**
 * A host behind a tunnel with mutual TLS 1.3: ours in both formats, stunnel, and `ssh -D`. One process at each end,
 * all on this machine, in alternating rounds.
 */
const PATHS = ['h2', 'envelopes', 'stunnel', 'ssh'] as const
type Path = (typeof PATHS)[number]

interface Certs {
  readonly ca: string
  readonly server: { readonly cert: string; readonly key: string }
  readonly agent: { readonly cert: string; readonly key: string }
}

interface Built {
  readonly open: Open
  readonly pids: readonly number[]
}

const STREAMS = [1, 32]
const CROWD = { idle: 10_000, active: 1_000, ms: 3_000 }
const ROOT = fileURLToPath(new URL('..', import.meta.url))

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(option(args, 'rounds') ?? 3)
  const mib = Number(option(args, 'mib') ?? 256)
  const ms = Number(option(args, 'ms') ?? 600)
  const dir = await mkdtemp(join(tmpdir(), 'tunnel-bench-'))
  const processes = new Processes()
  const closers: (() => Promise<void>)[] = [() => processes.close(), () => rm(dir, { recursive: true })]
  try {
    const hostPort = Number(await processes.startNode(join(ROOT, 'bench/support/tunnel-host.ts'), []))
    const certs = await makeCerts(dir)
    const paths = await buildPaths(processes, closers, { certs, dir, hostPort })
    const table = await measure(paths, { rounds, mib, ms })
    report(table, paths, args.includes('--json'))
    await reportMemory(paths)
    await reportMany(paths)
    const h2 = paths.get('h2')
    if (args.includes('--crowd') && h2 !== undefined) await reportCrowds('h2', h2.open, h2.pids, CROWD)
  } finally {
    for (const close of closers) await close()
  }
}

async function makeCerts(dir: string): Promise<Certs> {
  const folder = join(dir, 'ca')
  const now = Date.now()
  await makeAuthority(folder, now)
  const issue = (name: string, kind: 'agent' | 'server') =>
    issueCertificate(folder, { name, kind, days: 30, extraNames: [] }, now)
  const server = (await issue('sovereign-tunnel-server', 'server')).files
  return { ca: join(folder, 'ca.pem'), server, agent: (await issue('laptop', 'agent')).files }
}

interface Place {
  readonly certs: Certs
  readonly dir: string
  readonly hostPort: number
}

async function buildPaths(
  processes: Processes,
  closers: (() => Promise<void>)[],
  place: Place,
): Promise<Map<Path, Built>> {
  const paths = new Map<Path, Built>()
  for (const protocol of ['h2', 'envelopes'] as const)
    paths.set(protocol, await buildOurs(processes, protocol, place))
  if (existsSync('/usr/bin/stunnel4')) paths.set('stunnel', await buildStunnel(processes, place))
  else console.error('stunnel is left out: install the package stunnel4.')
  const { hostPort } = place
  const sshd = await startSshd()
  closers.unshift(() => sshd.close())
  const port = await freePort()
  const ssh = processes.start('ssh', [
    ...['-N', '-F', 'none', '-D', `127.0.0.1:${port}`, '-p', String(sshd.port), '-i', sshd.clientKeyFile],
    ...['-o', `UserKnownHostsFile=${sshd.knownHostsFile}`, '-o', 'IdentitiesOnly=yes'],
    `${sshd.userName}@${sshd.host}`,
  ])
  await untilAccepts(port)
  paths.set('ssh', { open: openSocks(port, hostPort), pids: [ssh.pid ?? 0, ...(await lastingPids(sshd))] })
  return paths
}

/** Of the session; what only looked whether sshd is there may have a process that is about to end. */
async function lastingPids(sshd: Sshd): Promise<number[]> {
  let pids: number[] = []
  await waitUntil(
    async () => {
      const before = pids.join()
      pids = await sshd.sessionPids()
      return pids.join() === before
    },
    10_000,
    500,
  )
  return pids
}

async function buildOurs(
  processes: Processes,
  protocol: string,
  { certs, dir, hostPort }: Place,
): Promise<Built> {
  const file = join(dir, `${protocol}.yaml`)
  const { ca, server } = certs
  const lines = [
    ...['listen_addr: 127.0.0.1', 'listen_port: 0', 'health_port: 0', 'log_level: warn'],
    ...[`cert_file: ${server.cert}`, `key_file: ${server.key}`, `ca_cert_file: ${ca}`],
    ...['allow: ["sovereign://agent/*"]', 'allow_private: ["127.0.0.0/8"]', 'max_connections: 20000'],
    'max_streams: 12000',
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const main = join(ROOT, 'src/cli/main-tunnel-server.ts')
  const line = await processes.startNode(main, ['tunnel-server', '--config', file])
  const port = /:(\d+) for /.exec(line)?.[1] ?? ''
  const agent = join(ROOT, 'bench/support/tunnel-agent.ts')
  const { cert, key } = certs.agent
  const agentPort = await processes.startNode(agent, [protocol, port, String(hostPort), ca, cert, key])
  const pids = processes.pids().slice(-2)
  return { open: openTcp(Number(agentPort)), pids }
}

async function buildStunnel(processes: Processes, { certs, dir, hostPort }: Place): Promise<Built> {
  const [between, port] = [await freePort(), await freePort()]
  const conf = async (name: string, lines: readonly string[]): Promise<number> => {
    const file = join(dir, `${name}.conf`)
    const common = [
      'foreground = yes',
      'debug = 3',
      'pid =',
      `[${name}]`,
      `CAfile = ${certs.ca}`,
      'verifyChain = yes',
    ]
    await writeFile(file, [...common, 'sslVersionMin = TLSv1.3', ...lines, ''].join('\n'))
    return processes.start('/usr/bin/stunnel4', [file]).pid ?? 0
  }
  const { agent, server } = certs
  const pids = [
    await conf('server', [
      ...[`accept = 127.0.0.1:${between}`, `connect = 127.0.0.1:${hostPort}`],
      ...[`cert = ${server.cert}`, `key = ${server.key}`],
    ]),
    await conf('client', [
      ...['client = yes', `accept = 127.0.0.1:${port}`, `connect = 127.0.0.1:${between}`],
      ...[`cert = ${agent.cert}`, `key = ${agent.key}`],
    ]),
  ]
  await untilAccepts(port)
  return { open: openTcp(port), pids }
}

const RATIO = 'h2 / better peer'

type Table = Map<string, Map<Path, number[]>>

async function measure(
  paths: ReadonlyMap<Path, Built>,
  { mib, ms, rounds }: { mib: number; ms: number; rounds: number },
): Promise<Table> {
  const table: Table = new Map()
  const note = (row: string, path: Path, value: number): void => {
    const cells = table.get(row) ?? new Map<Path, number[]>()
    cells.set(path, [...(cells.get(path) ?? []), value])
    table.set(row, cells)
  }
  // The paths take turns at each thing, so that a machine that is slower for a while is so for all of them. CPU is of
  // both ends together for one GiB. The first round warms up the compilers and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const order = round % 2 === 0 ? [...paths] : [...paths].reverse()
    const count = round === 0 ? () => undefined : note
    for (const streams of STREAMS) {
      for (const kind of ['down', 'up'] as const)
        for (const [path, { open, pids }] of order) {
          const amount = path === 'envelopes' ? mib / 4 : mib
          const before = await coarseCpuMs(pids)
          count(`bulk ${kind}, ${streams} MiB/s`, path, await bulk(open, kind, streams, amount))
          const cpuMs = (await coarseCpuMs(pids)) - before
          count(`bulk ${kind}, ${streams} CPU ms`, path, (cpuMs * 1024) / amount)
        }
      for (const [path, { open }] of order) {
        const { p50Ms, p99Ms, perSecond } = await small(open, streams, ms)
        count(`1 KiB, ${streams} p50 ms`, path, p50Ms)
        count(`1 KiB, ${streams} p99 ms`, path, p99Ms)
        count(`1 KiB, ${streams} per s`, path, perSecond)
      }
    }
    for (const [path, { open }] of order) count('open ms', path, await openMs(open))
  }
  return table
}

function report(table: Table, paths: ReadonlyMap<Path, Built>, asJson: boolean): void {
  const names = PATHS.filter((path) => paths.has(path))
  const rows = [...table].map(([row, cells]) => {
    const values = Object.fromEntries(names.map((path) => [path, median(cells.get(path) ?? [])]))
    const peers = [values.stunnel, values.ssh].filter((value) => value !== undefined)
    const isMore = !row.endsWith(' ms')
    const best = isMore ? Math.max(...peers) : Math.min(...peers)
    return { row, ...values, [RATIO]: (values.h2 ?? Number.NaN) / best }
  })
  if (asJson) {
    console.log(JSON.stringify(rows))
    return
  }
  console.table(
    Object.fromEntries(
      rows.map(({ row, ...values }) => [
        row,
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => [name, Number(value.toPrecision(3))]),
        ),
      ]),
    ),
  )
  reportGoals(rows.flatMap(({ row, [RATIO]: got }) => goalOf(row, got)))
}

function goalOf(row: string, got: number): Goal[] {
  const what = `${row} to the better peer`
  if (/^bulk .* MiB\/s$/.test(row)) return [{ what, got, atLeast: 1 }]
  return row.endsWith('p50 ms') ? [{ what, got, atMost: 1 }] : []
}

async function reportMemory(paths: ReadonlyMap<Path, Built>): Promise<void> {
  for (const [path, { pids }] of paths) {
    const { rssKiB } = await usageOf(pids)
    console.log(`${path}: ${(rssKiB / 1024).toFixed(0)} MiB of both ends together`)
  }
}

/** What it costs to have 1, 10, 100 and 1,000 streams open while eight of them are busy. */
async function reportMany(paths: ReadonlyMap<Path, Built>): Promise<void> {
  for (const [path, { open, pids }] of paths) {
    const sockets = []
    for (const count of [1, 10, 100, 1_000]) {
      while (sockets.length < count) sockets.push(await open())
      const { p50Ms, perSecond } = await small(open, 8, 500)
      const { rssKiB } = await usageOf(pids)
      console.log(
        `${path}, ${count} idle: ${(rssKiB / 1024).toFixed(0)} MiB of both ends, 1 KiB in ${p50Ms.toFixed(2)} ms, ${perSecond.toFixed(0)} per s`,
      )
    }
    for (const socket of sockets) socket.destroy()
  }
}

async function untilAccepts(port: number): Promise<void> {
  if (!(await waitUntil(() => accepts('127.0.0.1', port), 10_000)))
    throw new Error(`Nothing listens on ${port}.`)
}

function option(args: readonly string[], name: string): string | undefined {
  const index = args.indexOf(`--${name}`)
  return index < 0 ? undefined : args[index + 1]
}
