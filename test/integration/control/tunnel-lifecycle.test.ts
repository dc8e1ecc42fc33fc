import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { TunnelWay } from '../../../src/main/egress/tunnel-way.ts'
import { REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { createLogger } from '../../../src/node/log.ts'
import type { MtlsSettings } from '../../../src/shared/settings/egress.ts'
import type { TunnelState } from '../../../src/shared/state/egress.ts'
import { startTcpServer } from '../../support/make-link.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { soon } from '../../support/soon.ts'
import { startLaptopTunnel } from '../../support/start-laptop-tunnel.ts'
import type { FakeAwsOptions } from '../../support/upstreams/fake-aws.ts'
import type { WakeableTunnel } from '../../support/wakeable-tunnel.ts'

const NEVER = new AbortController().signal
const MINUTE_MS = 60_000

interface Tunnel {
  readonly world: WakeableTunnel
  readonly way: TunnelWay
  readonly states: readonly TunnelState[]
  phase(): TunnelState['phase'] | undefined
  /** What comes back of a text that is sent through the tunnel. */
  echo(text: string): Promise<string>
}

async function startTunnel(options: FakeAwsOptions, settings: Partial<MtlsSettings> = {}): Promise<Tunnel> {
  const folder = await makeTempDir('lifecycle-')
  const target = await startTcpServer((socket) => socket.pipe(socket), onTestFinished)
  const world = await startLaptopTunnel(options)
  const states: TunnelState[] = []
  const way = new TunnelWay({
    settings: { ...world.settings, ...settings },
    owner: () => 'laptop',
    historyFile: join(folder, 'wake.json'),
    ambient: REAL_AMBIENT,
    log: createLogger('test', 'silent'),
    onState: (state) => states.push(state),
  })
  onTestFinished(() => way.close(0))
  const echo = async (text: string): Promise<string> => {
    const stream = await way.connect({ host: '127.0.0.1', port: target.port }, NEVER)
    stream.end(text)
    const [data] = await once(stream, 'data')
    stream.destroy()
    return String(data)
  }
  const phase = () => states.at(-1)?.phase
  return { world, way, states, phase, echo }
}

test('a tunnel is woken by its first request, sleeps when nothing goes through it, and is killed at the end', async () => {
  let time = Date.now()
  const { world, way, states, phase, echo } = await startTunnel({ now: () => time, stageMs: 10_000 })
  const { aws } = world

  // Connected to nothing, and nothing is woken for that.
  way.start()
  await soon(() => expect(phase()).toBe('asleep'))
  expect(aws.invocations).toEqual(['query'])

  // The first request wakes it, and is held with the second while its task goes through the stages.
  const first = Promise.all([echo('woken'), echo('too')])
  for (const stage of ['provisioning', 'pending', 'activating']) {
    await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', stage, held: 2 }))
    time += 10_000
  }
  expect(await first).toEqual(['woken', 'too'])
  await soon(() => expect(phase()).toBe('connected'))
  expect(states.at(-1)).toMatchObject({
    running: { costUsd: expect.any(Number), stopsAt: expect.any(Number) },
  })

  // What went through it keeps it awake for 15 minutes; an open tunnel without traffic does not.
  const looks: string[] = []
  for (let look = 0; look < 4; look += 1) {
    world.report()
    time += 5 * MINUTE_MS
    if (world.server === undefined) break
    looks.push(JSON.parse((await aws.invoke('sleep')).body).action)
  }
  expect(looks).toEqual(['no_change', 'no_change', 'scaled_down', 'no_change'])
  time += MINUTE_MS
  aws.ecs.settle()
  await soon(() => expect(phase()).toBe('asleep'))
  expect(world.server).toBeUndefined()

  // Nobody asks, so it stays asleep; the next request wakes it again.
  expect(aws.ecs.desired).toBe(0)
  const second = echo('woken again')
  await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', stage: 'provisioning' }))
  time += MINUTE_MS
  expect(await second).toBe('woken again')

  // Disconnecting kills it, and is done when it was seen to stop.
  const closed = way.close(20_000)
  await soon(() => expect(aws.ecs.desired).toBe(0))
  await soon(() => expect(phase()).toBe('killing'))
  time += MINUTE_MS
  await closed
  expect({ phase: phase(), server: world.server }).toEqual({ phase: 'off', server: undefined })
  expect(world.upAt).toHaveLength(2)
})

test('a request is held for as long as the settings say, and those that come later for as long again', async () => {
  let time = Date.now()
  const { states, echo } = await startTunnel({ now: () => time, stageMs: 10_000 }, { holdSeconds: 2 })
  const first = echo('too early')
  const failed = expect(first).rejects.toMatchObject({
    code: 'control.wake-timeout',
    message: expect.stringContaining('still being started after a wait of 2 s. It is provisioning now.'),
  })
  await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', stage: 'provisioning', held: 1 }))
  await failed
  expect(states.at(-1)).toMatchObject({ phase: 'waking', held: 0 })
  const second = echo('in time')
  await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', held: 1 }))
  time += 60_000
  expect(await second).toBe('in time')
})

test('a server is woken before a request does, let sleep until the next one, and woken by that', async () => {
  let time = Date.now()
  const { world, way, states, phase, echo } = await startTunnel({ now: () => time, stageMs: 10_000 })
  const { aws } = world
  way.start()
  await soon(() => expect(phase()).toBe('asleep'))

  const awake = way.setAwake(true)
  await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', stage: 'provisioning' }))
  time += MINUTE_MS
  await awake
  await soon(() => expect(phase()).toBe('connected'))
  expect(await echo('through it')).toBe('through it')

  const before = states.length
  await way.setAwake(false)
  await soon(() => expect(aws.ecs.desired).toBe(0))
  time += MINUTE_MS
  await soon(() => expect(phase()).toBe('asleep'))
  const phases = states.slice(before).map((state) => state.phase)
  expect(phases.filter((step, index) => step !== phases[index - 1])).toEqual([
    'draining',
    'killing',
    'asleep',
  ])
  expect(world.server).toBeUndefined()

  const woken = echo('woken again')
  await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', stage: 'provisioning' }))
  time += MINUTE_MS
  expect(await woken).toBe('woken again')
})

test('a start that nobody wants any more is called off, and leaves no server behind', async () => {
  let time = Date.now()
  const { world, way, states, phase } = await startTunnel({ now: () => time, stageMs: 10_000 })
  const awake = way.setAwake(true)
  await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', stage: 'provisioning' }))
  await way.setAwake(false)
  await awake
  await soon(() => expect(world.aws.ecs.desired).toBe(0))
  time += MINUTE_MS
  await soon(() => expect(phase()).toBe('asleep'))
})

test('what cannot be talked to is not woken, and whoever wants it awake is told why', async () => {
  const { world, way, phase } = await startTunnel({}, { cert: '/nowhere/cert.pem' })
  way.start()
  await soon(() => expect(phase()).toBe('asleep'))
  await expect(way.setAwake(true)).rejects.toMatchObject({ message: expect.stringContaining('/nowhere') })
  expect(world.aws.invocations).not.toContain('wake')
})
