import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { bundle } from '../scripts/build.ts'
import { reportGoals } from './support/goals.ts'
import { mostKiBOf, usageOf } from './support/process-usage.ts'
import { median, Processes } from './support/processes.ts'
import type { Load, LoadResult } from './support/proxy-load.ts'
import { type ProxyPeer, startPeers } from './support/proxy-peers.ts'
import { reportCrowds } from './support/tunnel-crowd.ts'
import { openConnect } from './support/tunnel-load.ts'

/**
 * The proxy of the agent next to tinyproxy, squid and proxy-chain, in turn within the same run: small requests by URL,
 * the set-up of tunnels, and bytes through one. Everything is a process of its own.
 */

const SUPPORT = join(import.meta.dirname, 'support')
const CONNECTIONS = 16
/** Ours looks every minute whether it was quiet all the time and has memory to give back. */
const QUIET_MS = 125_000
/** Tunnels set up in a round; with fewer, the compilers of those that have one are what is measured. */
const SET_UPS = 2_000

interface Round {
  readonly requests: LoadResult
  readonly setUp: LoadResult
  readonly bulk: LoadResult
}

interface Row {
  readonly name: string
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly setUpP50Ms: number
  readonly setUpP99Ms: number
  readonly mibPerSecond: number
  readonly failed: number
  readonly idleMib: number | undefined
  /** After all rounds. */
  readonly rssMib: number | undefined
  /** At any time so far; of its first process, where it has several. */
  readonly mostMib: number | undefined
  /** With `--quiet`: when nothing has happened for two minutes after them. */
  readonly quietMib: number | undefined
}

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(option(args, 'rounds') ?? 3)
  const seconds = Number(option(args, 'seconds') ?? 2)
  const mib = Number(option(args, 'mib') ?? 512)
  const processes = new Processes()
  const dir = await mkdtemp(join(tmpdir(), 'bench-agent-'))
  try {
    const hosts: { http: number; pump: number } = JSON.parse(
      await processes.startNode(join(SUPPORT, 'proxy-hosts.ts'), []),
    )
    const echo = Number(await processes.startNode(join(SUPPORT, 'tunnel-host.ts'), []))
    const ports = [hosts.http, hosts.pump, echo]
    const contenders: ProxyPeer[] = [
      { name: 'direct', port: undefined, pid: undefined },
      await startOurs(processes, dir, ports),
      ...(await startPeers(processes, dir, ports)),
    ]
    const idle = new Map<string, number>()
    for (const { name, pid } of contenders) if (pid !== undefined) idle.set(name, await rssMib(pid))
    const results = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]))
    // The first round warms up the compilers of all sides and is not counted.
    for (let round = 0; round <= rounds; round += 1)
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const measure = (what: Load['what'], host: number): Promise<LoadResult> =>
          load({ what, proxy: contender.port, host, seconds, connections: CONNECTIONS, count: SET_UPS, mib })
        const result = {
          requests: await measure('requests', hosts.http),
          setUp: await measure('set-up', hosts.pump),
          bulk: await measure('bulk', hosts.pump),
        }
        if (round > 0) results.get(contender.name)?.push(result)
      }
    const rows: Row[] = []
    for (const contender of contenders)
      rows.push(await rowOf(contender, idle.get(contender.name), results.get(contender.name) ?? []))
    if (args.includes('--quiet')) {
      await setTimeout(QUIET_MS)
      for (const [index, { pid }] of contenders.entries())
        if (pid !== undefined) rows.splice(index, 1, { ...(rows[index] as Row), quietMib: await rssMib(pid) })
    }
    report(rows, args.includes('--json'))
    if (args.includes('--crowd')) await reportCrowd(contenders[1], echo)
  } finally {
    await processes.close()
    await rm(dir, { recursive: true, force: true })
  }
}

async function startOurs(
  processes: Processes,
  dir: string,
  connectPorts: readonly number[],
): Promise<ProxyPeer> {
  // As it is deployed: stripping types from the sources takes memory that a bundle does without.
  const bundled = join(dir, 'agent.mjs')
  await bundle(join(SUPPORT, 'proxy-under-test.ts'), bundled)
  const child = processes.start(process.execPath, [bundled, ...connectPorts.map(String)])
  const port = await new Promise<number>((resolve) =>
    child.stdout?.once('data', (line: Buffer) => resolve(Number(line))),
  )
  return { name: 'sovereign-bridge', port, pid: child.pid }
}

/** 10,000 idle tunnels, or as many as the system lets one process have, and 1,000 active ones at once. */
async function reportCrowd(ours: ProxyPeer | undefined, host: number): Promise<void> {
  if (ours?.port === undefined || ours.pid === undefined) return
  const limits = await readFile(`/proc/${ours.pid}/limits`, 'utf8')
  const files = Number(/^Max open files +\d+ +(\d+)/m.exec(limits)?.[1] ?? 0)
  const active = 1_000
  // Each takes two files of the proxy.
  const idle = Math.min(10_000, Math.floor((files - 200) / 2) - active)
  await reportCrowds(ours.name, openConnect(ours.port, host), [ours.pid], { idle, active, ms: 3_000 })
}

async function load(options: Load): Promise<LoadResult> {
  const processes = new Processes()
  try {
    return JSON.parse(await processes.startNode(join(SUPPORT, 'proxy-load.ts'), [JSON.stringify(options)]))
  } finally {
    await processes.close()
  }
}

async function rowOf(
  { name, pid }: ProxyPeer,
  idleMib: number | undefined,
  rounds: readonly Round[],
): Promise<Row> {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick))
  return {
    name,
    requestsPerSecond: of(({ requests }) => requests.perSecond),
    p50Ms: of(({ requests }) => requests.p50Ms),
    p99Ms: of(({ requests }) => requests.p99Ms),
    setUpP50Ms: of(({ setUp }) => setUp.p50Ms),
    setUpP99Ms: of(({ setUp }) => setUp.p99Ms),
    mibPerSecond: of(({ bulk }) => bulk.perSecond),
    failed: rounds.reduce((sum, { requests, bulk }) => sum + requests.failed + bulk.failed, 0),
    idleMib,
    rssMib: pid === undefined ? undefined : await rssMib(pid),
    mostMib: pid === undefined ? undefined : (await mostKiBOf(pid)) / 1024,
    quietMib: undefined,
  }
}

async function rssMib(pid: number): Promise<number> {
  return (await usageOf([pid])).rssKiB / 1024
}

function report(rows: readonly Row[], isJson: boolean): void {
  const ours = rows.find(({ name }) => name === 'sovereign-bridge')
  const ratios = rows
    .filter(({ rssMib, name }) => rssMib !== undefined && name !== ours?.name)
    .map((peer) => ({
      to: peer.name,
      requestsPerSecond: (ours?.requestsPerSecond ?? 0) / peer.requestsPerSecond,
      setUpP50: (ours?.setUpP50Ms ?? 0) / peer.setUpP50Ms,
      mibPerSecond: (ours?.mibPerSecond ?? 0) / peer.mibPerSecond,
    }))
  if (isJson) {
    console.log(JSON.stringify({ bench: 'agent', connections: CONNECTIONS, rows, ratios }))
    return
  }
  console.table(
    Object.fromEntries(
      rows.map((row) => [
        row.name,
        {
          [`requests/s, ${CONNECTIONS} connections`]: Math.round(row.requestsPerSecond),
          p50: `${row.p50Ms.toFixed(2)} ms`,
          p99: `${row.p99Ms.toFixed(2)} ms`,
          'CONNECT p50': `${row.setUpP50Ms.toFixed(2)} ms`,
          'CONNECT p99': `${row.setUpP99Ms.toFixed(2)} ms`,
          'MiB/s': Math.round(row.mibPerSecond),
          failed: row.failed,
          'idle MiB': row.idleMib?.toFixed(0) ?? '',
          'MiB after': row.rssMib?.toFixed(0) ?? '',
          'MiB at most': row.mostMib?.toFixed(0) ?? '',
          'MiB when quiet': row.quietMib?.toFixed(0) ?? '',
        },
      ]),
    ),
  )
  for (const { to, requestsPerSecond, setUpP50, mibPerSecond } of ratios)
    console.log(
      `To ${to}: ${requestsPerSecond.toFixed(2)}× the requests/s, ${setUpP50.toFixed(2)}× the time of a CONNECT, ${mibPerSecond.toFixed(2)}× the throughput.`,
    )
  reportGoals([
    ...ratios.flatMap(({ to, requestsPerSecond, setUpP50, mibPerSecond }) => [
      ...(to === 'squid' ? [] : [{ what: `requests/s to ${to}`, got: requestsPerSecond, atLeast: 2 }]),
      ...(to === 'tinyproxy' ? [{ what: `time of a CONNECT to ${to}`, got: setUpP50, atMost: 1 }] : []),
      { what: `throughput to ${to}`, got: mibPerSecond, atLeast: 1 },
    ]),
    { what: 'MiB after the load', got: ours?.rssMib ?? Number.NaN, atMost: 90 },
  ])
}

function option(args: readonly string[], name: string): string | undefined {
  return args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
}
