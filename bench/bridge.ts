import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../test/support/free-port.ts'
import { type Chain, startChain } from '../test/support/start-chain.ts'
import { accepts, waitUntil } from '../test/support/start-sshd.ts'
import { usageOf } from './support/process-usage.ts'
import { median, Processes } from './support/processes.ts'

/**
 * What the real `sovereign bridge` costs: from its start to a proven path, and while nobody asks anything; next to
 * two autossh that make the same path (`-R` and `-L`) on the same servers. Both are idle in the same seconds.
 */

interface Costs {
  /** Until an answer of the relay arrived on the client machine. */
  readonly firstAnswerMs: number
  readonly rssMiB: number
  /** Of one processor. */
  readonly cpuPercent: number
}

interface Round {
  readonly bridge: Costs
  readonly autossh: Costs
  /** Until the bridge itself says that the path is proven. */
  readonly provenMs: number
}

interface Running {
  readonly pids: readonly number[]
  readonly firstAnswerMs: number
  stop(): Promise<void>
}

/** As in bench/reconnect.ts: a dead path is noticed about as fast as by the bridge. */
const SSH_OPTIONS = ['ServerAliveInterval=3', 'ServerAliveCountMax=2', 'ExitOnForwardFailure=yes']
/** So that neither is still starting up while it is called idle. */
const SETTLE_MS = 3_000
const GIVE_UP_MS = 30_000

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(option(args, 'rounds') ?? 3)
  const idleMs = Number(option(args, 'seconds') ?? 20) * 1000
  const chain = await startChain()
  try {
    await chain.connected()
    await stopBridge(chain)
    const results: Round[] = []
    for (let round = 0; round < rounds; round += 1)
      results.push(await measure(chain, idleMs, round % 2 === 0))
    report(results, args.includes('--json'))
  } finally {
    await chain.close()
  }
}

async function measure(chain: Chain, idleMs: number, isBridgeFirst: boolean): Promise<Round> {
  const starters = {
    bridge: () => startBridge(chain),
    autossh: () => startAutossh(chain),
  }
  const first = isBridgeFirst ? undefined : await starters.autossh()
  const bridge = await starters.bridge()
  const autossh = first ?? (await starters.autossh())
  try {
    await delay(SETTLE_MS)
    const before = [await usageOf(bridge.pids), await usageOf(autossh.pids)]
    const startedAt = performance.now()
    await delay(idleMs)
    const after = [await usageOf(bridge.pids), await usageOf(autossh.pids)]
    const elapsedMs = performance.now() - startedAt
    const costs = (index: number, { firstAnswerMs }: Running): Costs => ({
      firstAnswerMs,
      rssMiB: (after[index]?.rssKiB ?? Number.NaN) / 1024,
      cpuPercent: (100 * ((after[index]?.cpuMs ?? Number.NaN) - (before[index]?.cpuMs ?? 0))) / elapsedMs,
    })
    return { bridge: costs(0, bridge), autossh: costs(1, autossh), provenMs: bridge.provenMs }
  } finally {
    await autossh.stop()
    await bridge.stop()
  }
}

async function startBridge(chain: Chain): Promise<Running & { readonly provenMs: number }> {
  const startedAt = performance.now()
  const proven = chain
    .startBridge()
    .then(() => chain.connected())
    .then(() => performance.now() - startedAt)
  const firstAnswerMs = await untilAnswer(chain.clients[0]?.port ?? 0, startedAt)
  return {
    firstAnswerMs,
    provenMs: await proven,
    pids: [chain.bridge().pid],
    stop: () => stopBridge(chain),
  }
}

async function stopBridge(chain: Chain): Promise<void> {
  await chain.bridge().stop()
  await untilFree(chain.clients[0]?.port ?? 0)
}

async function startAutossh(chain: Chain): Promise<Running> {
  const middle = await freePort()
  const port = await freePort()
  const processes = new Processes()
  const start = (forward: readonly string[], host: string): number => {
    const options = SSH_OPTIONS.flatMap((line) => ['-o', line])
    const child = processes.start('autossh', [
      ...['-M', '0', '-N', '-F', chain.sshConfigFile],
      ...options,
      ...forward,
      host,
    ])
    return child.pid ?? 0
  }
  const startedAt = performance.now()
  const pids = [
    start(['-L', `127.0.0.1:${middle}:127.0.0.1:${chain.relayPort}`], 'relay-host'),
    start(['-R', `127.0.0.1:${port}:127.0.0.1:${middle}`], chain.clients[0]?.name ?? ''),
  ]
  return {
    pids,
    firstAnswerMs: await untilAnswer(port, startedAt),
    stop: async () => {
      // On this signal autossh takes its ssh with it.
      await processes.close('SIGTERM')
      await untilFree(port)
    },
  }
}

async function untilAnswer(port: number, startedAt: number): Promise<number> {
  for (;;) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } })
      await answer.text()
      return performance.now() - startedAt
    } catch (error) {
      if (performance.now() - startedAt > GIVE_UP_MS) throw error
      await delay(5)
    }
  }
}

async function untilFree(port: number): Promise<void> {
  if (!(await waitUntil(async () => !(await accepts('127.0.0.1', port)), GIVE_UP_MS)))
    throw new Error(`Port ${port} is still taken.`)
}

interface Row {
  readonly what: string
  readonly unit: string
  readonly bridge: number
  readonly autossh: number | undefined
}

function rowsOf(rounds: readonly Round[]): Row[] {
  const row = (what: string, unit: string, pick: (costs: Costs) => number): Row => ({
    ...{ what, unit },
    bridge: median(rounds.map(({ bridge }) => pick(bridge))),
    autossh: median(rounds.map(({ autossh }) => pick(autossh))),
  })
  return [
    row('start to first answer', 'ms', ({ firstAnswerMs }) => firstAnswerMs),
    {
      ...{ what: 'start to proven path', unit: 'ms', autossh: undefined },
      bridge: median(rounds.map(({ provenMs }) => provenMs)),
    },
    row('idle memory (RSS)', 'MiB', ({ rssMiB }) => rssMiB),
    row('idle processor time', '% of 1', ({ cpuPercent }) => cpuPercent),
  ]
}

function report(rounds: readonly Round[], asJson: boolean): void {
  const rows = rowsOf(rounds)
  if (asJson) {
    console.log(JSON.stringify({ bench: 'bridge', rows, rounds }))
    return
  }
  console.log(
    `${'median of rounds'.padEnd(24)}${'unit'.padEnd(10)}${'bridge'.padStart(10)}${'autossh'.padStart(10)}${'ratio'.padStart(8)}`,
  )
  for (const { what, unit, bridge, autossh } of rows) {
    const peer = autossh?.toFixed(2) ?? '-'
    const ratio = autossh === undefined ? '-' : (bridge / autossh).toFixed(2)
    console.log(
      `${what.padEnd(24)}${unit.padEnd(10)}${bridge.toFixed(2).padStart(10)}${peer.padStart(10)}${ratio.padStart(8)}`,
    )
  }
}

function option(args: readonly string[], name: string): string | undefined {
  return args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
}
