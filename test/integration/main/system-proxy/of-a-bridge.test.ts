import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createSystemProxy } from '../../../../src/main/system-proxy/system-proxy.ts'
import { settingsSchema } from '../../../../src/shared/settings/schema.ts'
import { curl } from '../../../support/curl.ts'
import { freePort } from '../../../support/free-port.ts'
import { HAS_GNOME, makeGnome } from '../../../support/proxy-world/make-gnome.ts'
import { makeKde } from '../../../support/proxy-world/make-kde.ts'
import { makeMac } from '../../../support/proxy-world/make-mac.ts'
import { makeWindows } from '../../../support/proxy-world/make-windows.ts'
import { type Dump, manualAt, type ProxyWorld } from '../../../support/proxy-world/proxy-world.ts'
import { soon } from '../../../support/soon.ts'
import { startBridge, type TestBridge } from '../../../support/start-bridge.ts'

let world: ProxyWorld
let before: Dump

async function useWorld(make: typeof makeKde): Promise<void> {
  world = await make(onTestFinished)
  await world.company()
  before = await world.dump()
}

const EGRESS = { systemProxy: true, bypass: ['*.home', '10.0.0.0/8'] }

function start(egress: object = EGRESS): Promise<TestBridge> {
  const { dir, env, platform } = world
  return startBridge({
    teardown: onTestFinished,
    profile: { relay: { embedded: true }, egress },
    systemProxy: createSystemProxy({ platform, env, stateFile: join(dir, 'bridge/system-proxy.json') }),
  })
}

async function change({ bridge }: TestBridge, changes: object): Promise<void> {
  const [profile] = bridge.settings.profiles
  await bridge.applySettings(settingsSchema.parse({ profiles: [{ ...profile, ...changes }] }))
}

const isSet = ({ state }: TestBridge) =>
  state(({ egress }) => egress.systemProxy?.kind === 'set', 'a proxy of the system that is set')

describe.each([
  ['on macOS', makeMac, true],
  ['on Windows', makeWindows, true],
  ['on KDE', makeKde, true],
  ['on GNOME', makeGnome, HAS_GNOME],
] as const)('%s', (_title, make, canRun) => {
  beforeEach(() => (canRun ? useWorld(make) : undefined))

  test.runIf(canRun)(
    'connecting leads programs to the agent, and disconnecting back to the proxy before',
    async () => {
      const started = await start()
      expect(await world.dump()).toEqual(before)
      await started.bridge.connect()
      await isSet(started)
      expect(await world.dump()).toMatchObject(manualAt(world, started.agentPort))
      await started.bridge.disconnect(0)
      expect(await world.dump()).toEqual(before)
      expect(started.bridge.state.egress.systemProxy).toBeUndefined()
      await started.bridge.connect()
      await isSet(started)
      expect(await world.dump()).toMatchObject(manualAt(world, started.agentPort))
    },
  )

  test.runIf(canRun)('changed settings are followed while connected', async () => {
    const started = await start({ ...EGRESS, systemProxy: false })
    await started.bridge.connect()
    await started.state(({ agent }) => agent.phase === 'listening', 'the agent listens')
    expect(await world.dump()).toEqual(before)

    await change(started, { egress: EGRESS })
    await isSet(started)
    const manual = manualAt(world, started.agentPort)
    expect(await world.dump()).toMatchObject(manual)

    // Something else about the proxy: it is set anew, and what was there at first is not forgotten.
    await change(started, { egress: { ...EGRESS, bypass: [] } })
    await isSet(started)
    const changed = await world.dump()
    expect(changed).not.toMatchObject(manual)
    expect(changed).not.toEqual(before)

    const port = await freePort()
    await change(started, { agent: { listen: `127.0.0.1:${port}` }, egress: EGRESS })
    await soon(async () => expect(await world.dump()).toMatchObject(manualAt(world, port)))

    await change(started, { egress: { ...EGRESS, systemProxy: false } })
    await soon(async () => expect(await world.dump()).toEqual(before))
    await started.state(({ egress }) => egress.systemProxy === undefined, 'a system that is left alone')
  })
})

test('where the system cannot be told, the proxy works all the same, and the reason is on show', async () => {
  await useWorld(makeKde)
  world = { ...world, env: { ...world.env, PATH: world.dir } }
  const started = await start({ ...EGRESS, allowPrivate: ['127.0.0.0/8'] })
  await started.bridge.connect()
  const { egress } = await started.state((state) => state.egress.systemProxy !== undefined, 'an attempt')
  expect(egress.systemProxy).toMatchObject({
    kind: 'failed',
    cause: {
      code: 'system-proxy.unsupported',
      message: expect.stringMatching(/^There is no k\w+config\d on this/),
    },
  })
  const dead = await freePort()
  expect(await curl(started.agentPort, `http://127.0.0.1:${dead}/`)).toContain('egress.refused')
  await started.bridge.disconnect(0)
  expect(await world.dump()).toEqual(before)
})
