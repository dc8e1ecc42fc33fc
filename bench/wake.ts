import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TunnelWay } from '../src/main/egress/tunnel-way.ts'
import { REAL_AMBIENT } from '../src/node/ambient.ts'
import { createForgetfulLogger } from '../src/node/log.ts'
import { startTcpServer, type TcpServer } from '../test/support/make-link.ts'
import { startWakeableTunnel } from '../test/support/wakeable-tunnel.ts'
import { median } from './support/processes.ts'

/**
 * From a request at a server that sleeps to its first byte, with a stand-in for AWS whose tasks take a set time for
 * each stage. What the provider takes is counted from when ECS was told until the port of the server is open; the
 * rest is ours: the signed call, the wait until the next question, the tunnel, the request itself.
 */

const NEVER = new AbortController().signal
/** Credentials of nobody, which the stand-in knows. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIABENCH', AWS_SECRET_ACCESS_KEY: 'the secret of the bench' }

interface Outcome {
  readonly totalMs: number
  readonly providerMs: number
  readonly addedMs: number
}

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(option(args, 'rounds') ?? 4)
  const stagesMs = (option(args, 'stages') ?? '250,700').split(',').map(Number)
  Object.assign(process.env, CREDENTIALS)
  const target = await startTcpServer((socket) => socket.end('x'))
  try {
    const rows: { stageMs: number; outcomes: Outcome[] }[] = []
    for (const stageMs of stagesMs) {
      const outcomes: Outcome[] = []
      for (let round = 0; round < rounds; round += 1) outcomes.push(await measure(stageMs, target))
      rows.push({ stageMs, outcomes })
    }
    report(rows, await measureAwake(target), args.includes('--json'))
  } finally {
    await target.close()
  }
}

async function measure(stageMs: number, target: TcpServer): Promise<Outcome> {
  return await withTunnel(stageMs, async (way, world) => {
    let toldAt = 0
    const scale = world.aws.ecs.scale.bind(world.aws.ecs)
    world.aws.ecs.scale = (desired) => {
      toldAt ||= performance.now()
      scale(desired)
    }
    // Tasks move on by the clock, not by being asked about.
    const clock = setInterval(() => world.aws.ecs.settle(), 5)
    try {
      const clickedAt = performance.now()
      await firstByte(way, target)
      const totalMs = performance.now() - clickedAt
      const providerMs = (world.upAt[0] ?? Number.NaN) - toldAt
      return { totalMs, providerMs, addedMs: totalMs - providerMs }
    } finally {
      clearInterval(clock)
    }
  })
}

/** A request through a tunnel that is there already, for comparison. */
async function measureAwake(target: TcpServer): Promise<number> {
  return await withTunnel(1, async (way) => {
    await firstByte(way, target)
    const times: number[] = []
    for (let request = 0; request < 50; request += 1) {
      const startedAt = performance.now()
      await firstByte(way, target)
      times.push(performance.now() - startedAt)
    }
    return median(times)
  })
}

async function withTunnel<T>(
  stageMs: number,
  use: (way: TunnelWay, world: Awaited<ReturnType<typeof startWakeableTunnel>>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'wake-'))
  const teardowns: (() => Promise<void>)[] = [() => rm(folder, { recursive: true })]
  try {
    const world = await startWakeableTunnel((close) => void teardowns.push(close), { stageMs })
    world.aws.addUser(CREDENTIALS.AWS_ACCESS_KEY_ID, CREDENTIALS.AWS_SECRET_ACCESS_KEY)
    const way = new TunnelWay({
      settings: world.settings,
      owner: () => 'bench',
      historyFile: join(folder, 'wake.json'),
      ambient: REAL_AMBIENT,
      log: createForgetfulLogger('bench', 'silent'),
      onState: () => undefined,
    })
    teardowns.push(() => way.close(0))
    return await use(way, world)
  } finally {
    for (const close of teardowns.toReversed()) await close()
  }
}

async function firstByte(way: TunnelWay, { port }: TcpServer): Promise<void> {
  const stream = await way.connect({ host: '127.0.0.1', port }, NEVER)
  await once(stream, 'data')
  stream.destroy()
}

function report(
  rows: readonly { readonly stageMs: number; readonly outcomes: readonly Outcome[] }[],
  awakeMs: number,
  asJson: boolean,
): void {
  if (asJson) {
    console.log(JSON.stringify({ bench: 'wake', rows, awakeMs }))
    return
  }
  const columns = (...cells: string[]) =>
    console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(30) : cell.padStart(14))).join(''))
  columns('ms, medians', 'first byte', 'provider', 'added', 'added at most')
  for (const { stageMs, outcomes } of rows) {
    const of = (name: keyof Outcome) => outcomes.map((outcome) => outcome[name])
    columns(
      `asleep, ${stageMs} ms a stage`,
      ...[
        median(of('totalMs')),
        median(of('providerMs')),
        median(of('addedMs')),
        Math.max(...of('addedMs')),
      ].map((ms) => ms.toFixed(0)),
    )
  }
  columns('awake', awakeMs.toFixed(1), '', '', '')
}

function option(args: readonly string[], name: string): string | undefined {
  return args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
}
