import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBridgeProcess } from '../test/support/bridge-process.ts'
import { freePort } from '../test/support/free-port.ts'
import { startWakeableTunnel } from '../test/support/wakeable-tunnel.ts'
import { median } from './support/processes.ts'

/**
 * From an HTTP request at the proxy of a bridge, whose tunnel server sleeps, to the first byte of its answer, with a
 * stand-in for AWS whose tasks take a set time for each stage. The bridge is a process of its own. What the provider
 * takes is counted from when ECS was told until the port of the server is open; the rest is ours: the signed call, the
 * wait until the next question, the tunnel, the request itself.
 */

/** Credentials of nobody, which the stand-in knows. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIABENCH', AWS_SECRET_ACCESS_KEY: 'the secret of the bench' }

/** Asks for the page through the proxy; resolves with the first byte of its body. */
type Click = () => Promise<void>

interface Outcome {
  readonly totalMs: number
  readonly providerMs: number
  readonly addedMs: number
}

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(option(args, 'rounds') ?? 4)
  const stagesMs = (option(args, 'stages') ?? '250,700').split(',').map(Number)
  // The host closes each connection, so that every request opens one through the tunnel.
  const host = createServer((_request, response) => response.setHeader('Connection', 'close').end('x'))
  host.listen(0, '127.0.0.1')
  await once(host, 'listening')
  const page = `http://127.0.0.1:${(host.address() as AddressInfo).port}/`
  try {
    const rows: { stageMs: number; outcomes: Outcome[] }[] = []
    for (const stageMs of stagesMs) {
      const outcomes: Outcome[] = []
      for (let round = 0; round < rounds; round += 1) outcomes.push(await measure(stageMs, page))
      rows.push({ stageMs, outcomes })
    }
    report(rows, await measureAwake(page), args.includes('--json'))
  } finally {
    host.close()
  }
}

async function measure(stageMs: number, page: string): Promise<Outcome> {
  return await withTunnel(stageMs, page, async (click, world) => {
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
      await click()
      const totalMs = performance.now() - clickedAt
      const providerMs = (world.upAt[0] ?? Number.NaN) - toldAt
      return { totalMs, providerMs, addedMs: totalMs - providerMs }
    } finally {
      clearInterval(clock)
    }
  })
}

/** A request through a tunnel that is there already, for comparison. */
async function measureAwake(page: string): Promise<number> {
  return await withTunnel(1, page, async (click) => {
    await click()
    const times: number[] = []
    for (let request = 0; request < 50; request += 1) {
      const startedAt = performance.now()
      await click()
      times.push(performance.now() - startedAt)
    }
    return median(times)
  })
}

async function withTunnel<T>(
  stageMs: number,
  page: string,
  use: (click: Click, world: Awaited<ReturnType<typeof startWakeableTunnel>>) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'wake-'))
  const teardowns: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true })]
  try {
    const world = await startWakeableTunnel((close) => void teardowns.push(close), { stageMs })
    world.aws.addUser(CREDENTIALS.AWS_ACCESS_KEY_ID, CREDENTIALS.AWS_SECRET_ACCESS_KEY)
    const port = await freePort()
    const bridge = await startBridgeProcess({
      dir,
      settings: {
        agent: { listen: `127.0.0.1:${port}` },
        egress: { use: 'mtls', mtls: world.settings },
      },
      env: CREDENTIALS,
    })
    // Its server goes with the stand-in, so nothing is left to be let go of.
    teardowns.push(() => bridge.process.stop('SIGKILL'))
    await bridge.state(
      ({ agent, egress }) => agent.phase === 'listening' && egress.tunnel.phase === 'asleep',
      'a proxy whose tunnel sleeps',
    )
    return await use(() => firstByte(port, page), world)
  } finally {
    for (const close of teardowns.toReversed()) await close()
  }
}

async function firstByte(proxyPort: number, page: string): Promise<void> {
  const asked = request({
    ...{ host: '127.0.0.1', port: proxyPort, path: page, agent: false },
    headers: { Host: new URL(page).host },
  }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  if (answer.statusCode !== 200) throw new Error(`${page} was answered with ${answer.statusCode}.`)
  await once(answer, 'data')
  answer.destroy()
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
