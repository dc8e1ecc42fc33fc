import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { bundle } from '../scripts/build.ts'
import { freePort } from '../test/support/free-port.ts'
import { accepts, waitUntil } from '../test/support/start-sshd.ts'
import {
  type ChatTarget,
  firstByte,
  type Latency,
  latency,
  parallelStreams,
  requestsPerSecond,
} from './support/chat-load.ts'
import { median, Processes } from './support/processes.ts'

/**
 * Chat requests straight to the stand-in upstream, through our relay, and through copilot-api and
 * @portkey-ai/gateway doing the same job, in turn within the same run. Everything is a process of its own.
 *
 * copilot-api has its hosts written into its source and is led to the stand-in by a preload. The gateway takes its
 * upstream and the credential from headers, so it neither signs in nor renews a token.
 */

const SUPPORT = join(import.meta.dirname, 'support')
const PEERS = join(import.meta.dirname, 'peers')
const STREAMS = 500
/** Idle is after 20 requests and this pause, in milliseconds. */
const QUIET_MS = 25_000
const CONNECTIONS = 32

interface Contender extends ChatTarget {
  readonly name: string
  readonly pid: number | undefined
  idleMib: number | undefined
}

interface Round {
  readonly latency: Latency
  readonly firstByte: Latency
  readonly requestsPerSecond: number
}

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(option(args, 'rounds') ?? 5)
  const seconds = Number(option(args, 'seconds') ?? 3)
  const count = Number(option(args, 'count') ?? 1500)
  const processes = new Processes()
  const own: ChildProcess[] = []
  const dir = await mkdtemp(join(tmpdir(), 'bench-relay-'))
  try {
    const contenders = await startAll(processes, own, dir)
    const results = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]))
    // The first round warms up the compilers of all sides and is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const result = {
          latency: await latency(contender, count),
          firstByte: await firstByte(contender, Math.round(count / 2)),
          requestsPerSecond: await requestsPerSecond(contender, CONNECTIONS, seconds),
        }
        if (round > 0) results.get(contender.name)?.push(result)
      }
    }
    const rows: Row[] = []
    for (const contender of contenders) rows.push(await rowOf(contender, results.get(contender.name) ?? []))
    await setTimeout(QUIET_MS)
    for (const row of rows) row.afterMib = row.pid === undefined ? undefined : await residentMib(row.pid)
    report(rows, args.includes('--json'))
  } finally {
    await processes.close()
    for (const child of own) child.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  }
}

async function startAll(processes: Processes, own: ChildProcess[], dir: string): Promise<Contender[]> {
  await installPeers()
  const upstream: { copilot: string; github: string; token: string } = JSON.parse(
    await processes.startNode(join(SUPPORT, 'relay-upstream.ts'), []),
  )
  const direct = { authorization: 'Bearer direct', 'editor-version': 'bench/1' }
  const start = async (name: string, args: readonly string[], env: Record<string, string>, port: number) => {
    const child = spawn(process.execPath, args, { stdio: 'ignore', env: { ...process.env, ...env } })
    own.push(child)
    if (!(await waitUntil(() => accepts('127.0.0.1', port), 20_000)))
      throw new Error(`${name} did not start.`)
    return child.pid
  }
  // As it is deployed: stripping types from the sources takes memory that a bundle does without.
  const bundled = join(dir, 'relay.mjs')
  await bundle(join(SUPPORT, 'relay-under-test.ts'), bundled)
  const relay = spawn(process.execPath, [bundled, JSON.stringify({ ...upstream, dir })], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // As in the systemd unit and the Docker image.
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  })
  own.push(relay)
  const relayPort = await new Promise<string>((resolve) =>
    relay.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())),
  )
  const apiPort = await freePort()
  const apiPid = await start(
    'copilot-api',
    [
      ...[
        '--import',
        join(SUPPORT, 'copilot-api-hosts.js'),
        join(PEERS, 'node_modules/copilot-api/dist/main.js'),
      ],
      ...['start', '--port', String(apiPort), '--github-token', upstream.token],
    ],
    { BENCH_COPILOT_URL: upstream.copilot, BENCH_GITHUB_URL: upstream.github, HOME: dir },
    apiPort,
  )
  const gatewayPort = await freePort()
  const gatewayPid = await start(
    '@portkey-ai/gateway',
    [
      join(PEERS, 'node_modules/@portkey-ai/gateway/build/start-server.js'),
      ...['--headless', `--port=${gatewayPort}`],
    ],
    { TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
    gatewayPort,
  )
  const gatewayHeaders = {
    ...direct,
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': upstream.copilot,
    'x-portkey-forward-headers': 'editor-version',
  }
  const chat = (port: number | string): string => `http://127.0.0.1:${port}/v1/chat/completions`
  const contenders: Contender[] = [
    {
      name: 'direct',
      url: `${upstream.copilot}/chat/completions`,
      headers: direct,
      pid: undefined,
      idleMib: undefined,
    },
    { name: 'relay', url: chat(relayPort), headers: {}, pid: relay.pid, idleMib: undefined },
    { name: 'copilot-api', url: chat(apiPort), headers: {}, pid: apiPid, idleMib: undefined },
    {
      name: '@portkey-ai/gateway',
      url: chat(gatewayPort),
      headers: gatewayHeaders,
      pid: gatewayPid,
      idleMib: undefined,
    },
  ]
  for (const contender of contenders) await latency(contender, 20)
  await setTimeout(QUIET_MS)
  for (const contender of contenders)
    contender.idleMib = contender.pid === undefined ? undefined : await residentMib(contender.pid)
  return contenders
}

async function installPeers(): Promise<void> {
  if (existsSync(join(PEERS, 'node_modules/copilot-api'))) return
  console.error('Installing the peers into bench/peers …')
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PEERS })
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '') // Linux only.
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024
}

interface Row {
  readonly name: string
  readonly p50Ms: number
  readonly p99Ms: number
  readonly firstByteMs: number
  readonly requestsPerSecond: number
  readonly wholeStreams: number
  readonly streamsSeconds: number
  readonly idleMib: number | undefined
  readonly pid: number | undefined
  /** Quiet again after all rounds. */
  afterMib: number | undefined
}

async function rowOf(contender: Contender, rounds: readonly Round[]): Promise<Row> {
  const streams = await parallelStreams(contender, STREAMS)
  return {
    name: contender.name,
    p50Ms: median(rounds.map((round) => round.latency.p50Ms)),
    p99Ms: median(rounds.map((round) => round.latency.p99Ms)),
    firstByteMs: median(rounds.map((round) => round.firstByte.p50Ms)),
    requestsPerSecond: median(rounds.map((round) => round.requestsPerSecond)),
    wholeStreams: streams.whole,
    streamsSeconds: streams.seconds,
    idleMib: contender.idleMib,
    pid: contender.pid,
    afterMib: undefined,
  }
}

function report(rows: readonly Row[], isJson: boolean): void {
  if (isJson) {
    console.log(JSON.stringify({ bench: 'relay', streams: STREAMS, connections: CONNECTIONS, rows }))
    return
  }
  const direct = rows[0]
  const added = (value: number, of: 'p50Ms' | 'p99Ms' | 'firstByteMs'): string =>
    `${(value - (direct?.[of] ?? 0)).toFixed(2)} ms`
  console.table(
    Object.fromEntries(
      rows.map((row) => [
        row.name,
        {
          'added p50': added(row.p50Ms, 'p50Ms'),
          'added p99': added(row.p99Ms, 'p99Ms'),
          'added first byte': added(row.firstByteMs, 'firstByteMs'),
          [`requests/s, ${CONNECTIONS} connections`]: Math.round(row.requestsPerSecond),
          [`${STREAMS} streams`]: `${row.wholeStreams} whole in ${row.streamsSeconds.toFixed(1)} s`,
          'idle MiB': row.idleMib?.toFixed(0) ?? '',
          'MiB quiet again': row.afterMib?.toFixed(0) ?? '',
        },
      ]),
    ),
  )
}

function option(args: readonly string[], name: string): string | undefined {
  return args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
}
