import { once } from 'node:events'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { WaysOut } from '../../../src/main/egress/ways-out.ts'
import { REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { createLogger } from '../../../src/node/log.ts'
import { egressSettings } from '../../../src/shared/settings/egress.ts'
import type { TunnelState } from '../../../src/shared/state/egress.ts'
import { startTcpServer } from '../../support/make-link.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { soon } from '../../support/soon.ts'
import { startLaptopTunnel } from '../../support/start-laptop-tunnel.ts'
import type { WakeableTunnel } from '../../support/wakeable-tunnel.ts'

const NEVER = new AbortController().signal
let folder: string
beforeEach(async () => {
  folder = await makeTempDir('two-bridges-')
})

interface Bridge {
  readonly ways: WaysOut
  readonly states: readonly TunnelState[]
  /** What comes back of a text that is sent through its tunnel. */
  echo(text: string): Promise<string>
}

async function startBridge({ settings: mtls }: WakeableTunnel, owner: string): Promise<Bridge> {
  const states: TunnelState[] = []
  const ways = new WaysOut({
    settings: { ...egressSettings.parse({}), use: 'mtls', mtls },
    ...{ owner: () => owner, historyFile: join(folder, `${owner}.json`), ownListeners: () => [] },
    ...{ ambient: REAL_AMBIENT, log: createLogger(owner, 'silent'), before: undefined },
    onTunnel: (state) => states.push(state),
  })
  onTestFinished(() => ways.close(0))
  const { port } = await startTcpServer((socket) => socket.pipe(socket), onTestFinished)
  const echo = async (text: string): Promise<string> => {
    const way = ways.choose('127.0.0.1')
    if (way === 'deny') throw new Error('no way out')
    const stream = await way.connect({ host: '127.0.0.1', port }, NEVER)
    stream.write(text)
    const [data] = await once(stream, 'data')
    stream.destroy()
    return String(data)
  }
  return { ways, states, echo }
}

test('two bridges use one server, which stays for the second and goes with it', async () => {
  const world = await startLaptopTunnel({ stageMs: 0, now: Date.now })
  const [laptop, desk] = [await startBridge(world, 'laptop'), await startBridge(world, 'desk')]
  expect(await Promise.all([laptop.echo('from the laptop'), desk.echo('from the desk')])).toEqual([
    'from the laptop',
    'from the desk',
  ])
  expect(world.upAt).toHaveLength(1)
  expect(world.server?.meters.connections).toBe(2)
  await laptop.ways.close(5_000)
  expect(laptop.states.at(-1)).toEqual({ phase: 'off' })
  expect(world.aws.ecs.desired).toBe(1)
  expect(await desk.echo('still here')).toBe('still here')
  await desk.ways.close(5_000)
  expect(world.aws.ecs.desired).toBe(0)
  await soon(() => expect(world.server).toBeUndefined())
})

test('a disconnect fails the requests that are held, and leaves nothing running', async () => {
  const start = Date.now()
  const world = await startLaptopTunnel({ stageMs: 10_000, now: () => start })
  const { ways, states, echo } = await startBridge(world, 'laptop')
  const held = ['one', 'two', 'three'].map((text) =>
    expect(echo(text)).rejects.toMatchObject({ code: 'tunnel.down' }),
  )
  await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', held: 3 }))
  const closed = ways.close(60_000)
  await Promise.all(held)
  await soon(() => expect(world.aws.ecs.desired).toBe(0))
  await ways.close(0)
  await closed
  expect(world.server).toBeUndefined()
  await expect(echo('too late')).rejects.toMatchObject({ code: 'tunnel.down' })
})
