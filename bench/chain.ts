import { join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'
import { resolvedHost } from '../test/support/make-link.ts'
import { accepts, type Sshd, startSshd, waitUntil } from '../test/support/start-sshd.ts'
import { median, outputOf, Processes } from './support/processes.ts'

/**
 * Client VM → sshd → bridge → sshd → server, against the same path built from `ssh -R` and `ssh -L`, in alternating
 * rounds on the same servers.
 */

type Path = 'bridge' | 'openssh'

interface SmallResult {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

interface Round {
  readonly small: Readonly<Record<number, SmallResult>>
  /** MiB/s by number of parallel downloads. */
  readonly bulk: Readonly<Record<number, number>>
}

const CONNECTIONS = [1, 32]
const BULK_STREAMS = [1, 4]

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(option(args, 'rounds') ?? 5)
  const seconds = Number(option(args, 'seconds') ?? 3)
  const mib = Number(option(args, 'mib') ?? 256)
  const processes = new Processes()
  const servers: Sshd[] = []
  try {
    const ports = await buildPaths(processes, servers)
    const results: Record<Path, Round[]> = { bridge: [], openssh: [] }
    // The first round warms up the compilers of both sides and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      const order: Path[] = round % 2 === 0 ? ['bridge', 'openssh'] : ['openssh', 'bridge']
      for (const path of order) {
        const result = await measure(ports[path], round === 0 ? 1 : seconds, round === 0 ? mib / 4 : mib)
        if (round > 0) results[path].push(result)
      }
    }
    report(results, args.includes('--json'))
  } finally {
    await processes.close()
    for (const server of servers) await server.close()
  }
}

async function buildPaths(processes: Processes, servers: Sshd[]): Promise<Record<Path, number>> {
  const vm = await startSshd()
  servers.push(vm)
  const relay = await startSshd()
  servers.push(relay)
  const support = join(import.meta.dirname, 'support')
  const targetPort = Number(await processes.startNode(join(support, 'chain-server.ts'), []))
  const bridge = await freePort()
  const plan = { vm: resolvedHost(vm), relay: resolvedHost(relay), listenPort: bridge, targetPort }
  await processes.startNode(join(support, 'chain-bridge.ts'), [JSON.stringify(plan)])
  const openssh = await freePort()
  const middle = await freePort()
  processes.start('ssh', [...sshOptions(relay), '-N', '-L', `127.0.0.1:${middle}:127.0.0.1:${targetPort}`])
  processes.start('ssh', [...sshOptions(vm), '-N', '-R', `127.0.0.1:${openssh}:127.0.0.1:${middle}`])
  const isUp = await waitUntil(
    async () => (await accepts('127.0.0.1', openssh)) && (await accepts('127.0.0.1', middle)),
    10_000,
  )
  if (!isUp) throw new Error('The OpenSSH path did not come up.')
  return { bridge, openssh }
}

function sshOptions(sshd: Sshd): string[] {
  return [
    ...['-F', 'none', '-p', String(sshd.port), '-i', sshd.clientKeyFile, '-l', sshd.userName],
    ...['-o', `UserKnownHostsFile=${sshd.knownHostsFile}`, '-o', 'ExitOnForwardFailure=yes'],
    sshd.host,
  ]
}

async function measure(port: number, seconds: number, mib: number): Promise<Round> {
  const small: Record<number, SmallResult> = {}
  for (const connections of CONNECTIONS) small[connections] = await measureSmall(port, connections, seconds)
  const bulk: Record<number, number> = {}
  for (const streams of BULK_STREAMS) bulk[streams] = await measureBulk(port, streams, mib)
  return { small, bulk }
}

async function measureSmall(port: number, connections: number, seconds: number): Promise<SmallResult> {
  const output = await outputOf('wrk', [
    ...['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', `http://127.0.0.1:${port}/`],
  ])
  const errors = /Socket errors: (.*)/.exec(output)?.[1]
  if (errors !== undefined) throw new Error(`wrk met errors: ${errors}`)
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]),
    p50Ms: durationMs(/50%\s+(\S+)/.exec(output)?.[1]),
    p99Ms: durationMs(/99%\s+(\S+)/.exec(output)?.[1]),
  }
}

async function measureBulk(port: number, streams: number, mib: number): Promise<number> {
  const startedAt = performance.now()
  const each = Math.round(mib / streams)
  const downloads = Array.from({ length: streams }, () =>
    outputOf('curl', [
      '-sS',
      '-o',
      '/dev/null',
      '-w',
      '%{size_download}',
      `http://127.0.0.1:${port}/bulk/${each}`,
    ]),
  )
  const sizes = (await Promise.all(downloads)).map(Number)
  if (sizes.some((size) => size !== each * 1024 * 1024)) throw new Error(`A download was cut: ${sizes}`)
  return (each * streams) / ((performance.now() - startedAt) / 1000)
}

function durationMs(text = ''): number {
  const [, value = '', unit = ''] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? []
  return Number(value) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN)
}

interface Row {
  readonly what: string
  readonly unit: string
  readonly bridge: number
  readonly openssh: number
  readonly ratio: number
}

function rowsOf(results: Readonly<Record<Path, readonly Round[]>>): Row[] {
  const row = (what: string, unit: string, pick: (round: Round) => number | undefined): Row => {
    const of = (path: Path) => median(results[path].map((round) => pick(round) ?? Number.NaN))
    const [bridge, openssh] = [of('bridge'), of('openssh')]
    return { what, unit, bridge, openssh, ratio: bridge / openssh }
  }
  return [
    ...CONNECTIONS.flatMap((count) => [
      row(`1 KiB, ${count} connections`, 'requests/s', (round) => round.small[count]?.requestsPerSecond),
      row(`1 KiB, ${count} connections, p50`, 'ms', (round) => round.small[count]?.p50Ms),
      row(`1 KiB, ${count} connections, p99`, 'ms', (round) => round.small[count]?.p99Ms),
    ]),
    ...BULK_STREAMS.map((count) => row(`bulk, ${count} streams`, 'MiB/s', (round) => round.bulk[count])),
  ]
}

function report(results: Readonly<Record<Path, readonly Round[]>>, asJson: boolean): void {
  const rows = rowsOf(results)
  if (asJson) {
    console.log(JSON.stringify({ bench: 'chain', rows, rounds: results }))
    return
  }
  console.log(
    `${'median of rounds'.padEnd(28)}${'unit'.padEnd(12)}${'bridge'.padStart(10)}${'openssh'.padStart(10)}${'ratio'.padStart(8)}`,
  )
  for (const { what, unit, bridge, openssh, ratio } of rows) {
    console.log(
      `${what.padEnd(28)}${unit.padEnd(12)}${bridge.toFixed(2).padStart(10)}${openssh.toFixed(2).padStart(10)}${ratio.toFixed(2).padStart(8)}`,
    )
  }
}

function option(args: readonly string[], name: string): string | undefined {
  return args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
}
