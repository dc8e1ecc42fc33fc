import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { ProxyWish } from '../../src/main/system-proxy/proxy-store.ts'
import { createSystemProxy, type SystemProxy } from '../../src/main/system-proxy/system-proxy.ts'
import { type RunTool, ToolError, toolRunner } from '../../src/node/run-tool.ts'
import { HAS_GNOME, makeGnome } from '../support/proxy-world/make-gnome.ts'
import { makeKde, makeRealKde, REAL_KDE } from '../support/proxy-world/make-kde.ts'
import { makeMac } from '../support/proxy-world/make-mac.ts'
import { makeWindows } from '../support/proxy-world/make-windows.ts'
import type { ProxyWorld } from '../support/proxy-world/proxy-world.ts'

const WISH: ProxyWish = { host: '127.0.0.1', port: 8080, bypass: ['*.home', '10.0.0.0/8'] }
const PAC: ProxyWish = { ...WISH, pacUrl: 'http://127.0.0.1:8080/proxy.pac' }
const NOTHING = { restored: [], left: [] }

/** Words by which the tools of the four systems change something. */
const WRITES = /^-set|^add$|^delete$|^set$|^reset$/

function isWrite(program: string, args: readonly string[]): boolean {
  return /kwriteconfig\d$/.test(program) || WRITES.test(args[0] ?? '')
}

/** What every system promises. */
function describeSystemProxy(
  make: (teardown: (close: () => Promise<void>) => void) => Promise<ProxyWorld>,
): void {
  let world: ProxyWorld
  let stateFile: string
  beforeEach(async () => {
    world = await make(onTestFinished)
    stateFile = join(world.dir, 'bridge/system-proxy.json')
  })

  /** As a bridge has it that was just started. */
  const open = (wrap: (real: RunTool) => RunTool = (real) => real): SystemProxy => {
    const { env, platform } = world
    return createSystemProxy({ platform, env, stateFile, run: wrap(toolRunner(env)) })
  }
  const isKept = () =>
    stat(stateFile).then(
      () => true,
      () => false,
    )

  test('programs are pointed at the agent, and everything is as before afterwards', async () => {
    const before = await world.dump()
    const proxy = open()
    await proxy.set(WISH)
    expect(await world.dump()).toMatchObject(world.manual)
    const { left, restored } = await proxy.restore()
    expect(restored.length).toBeGreaterThan(1)
    expect(left).toEqual([])
    expect(await world.dump()).toEqual(before)
    expect(await isKept()).toBe(false)
  })

  test('programs are pointed at a PAC file, and everything is as before afterwards', async () => {
    const before = await world.dump()
    const proxy = open()
    await proxy.set(PAC)
    expect(await world.dump()).toMatchObject(world.script)
    await proxy.restore()
    expect(await world.dump()).toEqual(before)
  })

  test.each([
    ['host and port', WISH],
    ['a PAC file', PAC],
  ])('the proxy of a company comes back letter by letter after %s', async (_title, wish) => {
    await world.company()
    const before = await world.dump()
    await open().set(wish)
    expect(await world.dump()).not.toEqual(before)
    await open().restore()
    expect(await world.dump()).toEqual(before)
  })

  test('what was there is written down for its owner alone before anything is changed', async () => {
    await world.company()
    const kept: string[] = []
    const proxy = open((real) => async (program, args) => {
      if (isWrite(program, args) && kept.length === 0) kept.push(await readFile(stateFile, 'utf8'))
      return real(program, args)
    })
    await proxy.set(WISH)
    expect(kept).toEqual([expect.stringContaining('company.example')])
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600)
  })

  test('a start after a crash puts back what was there', async () => {
    await world.company()
    const before = await world.dump()
    await open().set(WISH)
    expect((await open().restore()).left).toEqual([])
    expect(await world.dump()).toEqual(before)
    expect(await open().restore()).toEqual(NOTHING)
  })

  test('a crash after any number of changes is made good by the next start', async () => {
    await world.company()
    const before = await world.dump()
    for (let changes = 0, isDone = false; !isDone; changes++) {
      isDone = await crashAfter(changes, open)
      await open().restore()
      expect(await world.dump()).toEqual(before)
      expect(await isKept()).toBe(false)
      // Otherwise nothing would have been tried.
      if (isDone) expect(changes).toBeGreaterThan(2)
    }
  })

  test('a start after a crash that sets the proxy at once still knows what was there at first', async () => {
    await world.company()
    const before = await world.dump()
    await open().set({ ...WISH, port: 9090 })
    await open().set(WISH)
    expect(await world.dump()).toMatchObject(world.manual)
    await open().restore()
    expect(await world.dump()).toEqual(before)
  })

  test('a change between host and port and a PAC file leaves nothing behind', async () => {
    await world.company()
    const before = await world.dump()
    const proxy = open()
    await proxy.set(WISH)
    await proxy.set(PAC)
    expect(await world.dump()).toMatchObject(world.script)
    await proxy.set(WISH)
    expect(await world.dump()).toMatchObject(world.manual)
    await proxy.restore()
    expect(await world.dump()).toEqual(before)
  })

  test('setting what is set already changes nothing', async () => {
    await open().set(WISH)
    const written: string[] = []
    const proxy = open((real) => (program, args) => {
      if (isWrite(program, args)) written.push(args.join(' '))
      return real(program, args)
    })
    await proxy.set(WISH)
    expect(written).toEqual([])
  })

  test.each(['company', 'nothing'] as const)(
    'where there was %s at first, a proxy that somebody has put in meanwhile stays, and stays switched on',
    async (first) => {
      if (first === 'company') await world.company()
      const proxy = open()
      await proxy.set(WISH)
      await world.byHand()
      const { left, restored } = await proxy.restore()
      expect(left.length).toBeGreaterThan(0)
      expect(restored.length).toBeGreaterThan(0)
      const after = await world.dump()
      const expected = world.afterByHand[first]
      expect(Object.fromEntries(Object.keys(expected).map((name) => [name, after[name]]))).toEqual(expected)
      expect(await isKept()).toBe(false)
    },
  )

  test('what somebody has put back by hand already is no reason to leave the rest', async () => {
    const before = await world.dump()
    await open().set(WISH)
    const kept: string = await readFile(stateFile, 'utf8')
    await open().restore()
    await writeFile(stateFile, kept)
    expect(await open().restore()).toEqual(NOTHING)
    expect(await world.dump()).toEqual(before)
  })

  test('nothing is written where nothing was set', async () => {
    const proxy = open(() => async (program, args) => {
      throw new Error(`Unexpected ${program} ${args.join(' ')}`)
    })
    expect(await proxy.restore()).toEqual(NOTHING)
  })

  test('a tool that fails leaves everything as it was, and its words are told', async () => {
    await world.company()
    const before = await world.dump()
    let writes = 0
    const proxy = open((real) => async (program, args) => {
      if (isWrite(program, args) && ++writes === 2)
        throw new ToolError('the-tool', { isMissing: false, words: ': not allowed' })
      return real(program, args)
    })
    await expect(proxy.set(WISH)).rejects.toMatchObject({
      code: 'system-proxy.failed',
      message: 'the-tool failed: not allowed.',
    })
    expect(await world.dump()).toEqual(before)
    expect(await isKept()).toBe(false)
  })

  test('a system that takes a setting and keeps the old one is found out', async () => {
    await world.company()
    const before = await world.dump()
    const proxy = open((real) => async (program, args) => (isWrite(program, args) ? '' : real(program, args)))
    await expect(proxy.set(WISH)).rejects.toMatchObject({
      code: 'system-proxy.failed',
      message: expect.stringMatching(/^The system did not keep its setting ".+"\.$/),
    })
    expect(await world.dump()).toEqual(before)
  })

  test('a state file that cannot be read is named, and nothing is changed', async () => {
    await open().set(WISH)
    await writeFile(stateFile, '{ "half')
    const before = await world.dump()
    const failure = { code: 'system-proxy.failed', message: expect.stringContaining(stateFile) }
    await expect(open().restore()).rejects.toMatchObject(failure)
    await expect(open().set(PAC)).rejects.toMatchObject(failure)
    expect(await world.dump()).toEqual(before)
  })

  test('a restore that comes while the proxy is still being set waits for its turn', async () => {
    const before = await world.dump()
    const proxy = open()
    const [, back] = await Promise.all([proxy.set(WISH), proxy.restore()])
    expect(back.restored.length).toBeGreaterThan(0)
    expect(await world.dump()).toEqual(before)
  })

  test('a missing tool is told as such', async () => {
    const { platform } = world
    const env = { ...world.env, PATH: '/nonexistent', SystemRoot: '/nonexistent' }
    await expect(createSystemProxy({ platform, env, stateFile }).set(WISH)).rejects.toMatchObject({
      code: 'system-proxy.unsupported',
      message: expect.stringMatching(/^There is no \S+ on this machine\.$/),
    })
    expect(await isKept()).toBe(false)
  })
}

/** @returns whether it had set everything before so many changes were made */
async function crashAfter(
  changes: number,
  open: (wrap: (real: RunTool) => RunTool) => SystemProxy,
): Promise<boolean> {
  let made = 0
  let isDead = false
  const proxy = open((real) => async (program, args) => {
    if (isWrite(program, args) && ++made > changes) isDead = true
    if (isDead) throw new Error('dead')
    return real(program, args)
  })
  return proxy.set(WISH).then(
    () => true,
    (error: Error) => {
      expect(error.message).toBe('dead')
      return false
    },
  )
}

describe.runIf(HAS_GNOME)('the proxy of GNOME, by the real gsettings on a file of its own', () => {
  describeSystemProxy(makeGnome)
})

describe('the proxy of macOS, by a double of networksetup', () => {
  describeSystemProxy(makeMac)
})

describe('the proxy of Windows, by a double of reg.exe', () => {
  describeSystemProxy(makeWindows)
})

describe('the proxy of KDE, by doubles of kreadconfig6 and kwriteconfig6', () => {
  describeSystemProxy(makeKde)
})

describe.runIf(REAL_KDE !== undefined)(
  `the proxy of KDE, by the real ${REAL_KDE} on a file of its own`,
  () => {
    describeSystemProxy(makeRealKde)
  },
)
