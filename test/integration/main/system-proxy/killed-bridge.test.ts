import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type BridgeProcess, startBridgeProcess } from '../../../support/bridge-process.ts'
import { freePort } from '../../../support/free-port.ts'
import { HAS_GNOME, makeGnome } from '../../../support/proxy-world/make-gnome.ts'
import { makeKde } from '../../../support/proxy-world/make-kde.ts'
import { makeMac } from '../../../support/proxy-world/make-mac.ts'
import { type Dump, manualAt, type ProxyWorld } from '../../../support/proxy-world/proxy-world.ts'

/** A program of its own finds the tools of the system that it runs on. */
const SYSTEMS = [
  ['macOS', makeMac, process.platform === 'darwin'],
  ['KDE', makeKde, process.platform === 'linux'],
  ['GNOME', makeGnome, process.platform === 'linux' && HAS_GNOME],
] as const

describe.each(SYSTEMS)('the proxy of %s', (_title, make, canRun) => {
  let world: ProxyWorld
  let before: Dump
  let port: number

  beforeEach(async () => {
    if (!canRun) return
    world = await make(onTestFinished)
    await world.company()
    before = await world.dump()
    port = await freePort()
  })

  async function start(settings: object = {}): Promise<BridgeProcess> {
    const { dir, env } = world
    const own = Object.entries(env).flatMap(([name, value]) =>
      value === undefined || value === process.env[name] ? [] : [[name, value]],
    )
    const bridge = await startBridgeProcess({
      dir,
      settings: {
        agent: { listen: `127.0.0.1:${port}` },
        egress: { systemProxy: true, bypass: ['*.home', '10.0.0.0/8'] },
        ...settings,
      },
      env: Object.fromEntries(own),
    })
    onTestFinished(async () => void (await bridge.process.stop('SIGKILL')))
    return bridge
  }

  async function expectSet({ state }: BridgeProcess): Promise<void> {
    await state(({ egress }) => egress.systemProxy?.kind === 'set', 'a proxy of the system that is set')
    expect(await world.dump()).toMatchObject(manualAt(world, port))
  }

  test.runIf(canRun)(
    'is put back when the bridge is disconnected, and when it is ended',
    async () => {
      const bridge = await start()
      await expectSet(bridge)
      expect(await bridge.command('disconnect')).toBe(0)
      await bridge.state(({ agent, wanted }) => wanted === 'disconnected' && agent.phase === 'off', 'the end')
      expect(await world.dump()).toEqual(before)
      expect(await bridge.command('connect')).toBe(0)
      await expectSet(bridge)
      expect(await bridge.process.stop('SIGTERM')).toBe(0)
      expect(await world.dump()).toEqual(before)
    },
    60_000,
  )

  test.runIf(canRun)(
    'is put back by the next start after a bridge that was killed',
    async () => {
      const killed = await start()
      await expectSet(killed)
      expect(await killed.process.stop('SIGKILL')).toBe('SIGKILL')
      // Nobody was left to do it.
      expect(await world.dump()).toMatchObject(manualAt(world, port))

      const next = await start({ connectAtStart: false })
      await next.state(({ wanted }) => wanted === 'disconnected', 'a bridge that is not connected')
      expect(await world.dump()).toEqual(before)
    },
    60_000,
  )

  test.runIf(canRun)(
    'is not forgotten by a next start that connects at once, elsewhere',
    async () => {
      const killed = await start()
      await expectSet(killed)
      await killed.process.stop('SIGKILL')
      port = await freePort()
      const next = await start()
      await expectSet(next)
      expect(await next.process.stop('SIGTERM')).toBe(0)
      expect(await world.dump()).toEqual(before)
    },
    60_000,
  )
})
