import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ControlPlane } from '../../../src/main/control/control-plane.ts'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { soon } from '../../support/soon.ts'
import { type AwsWorld, startAwsWorld, startKeeper } from '../../support/start-control.ts'

const NEVER = new AbortController().signal

const OFFLINE = new AppError('control.failed', 'There is no network.')

/** The same provider, with some of its calls counted or replaced. */
function withCalls(control: ControlPlane, calls: Partial<ControlPlane>): ControlPlane {
  return { ...control, ...calls }
}

test('a hundred requests at once wake the server once, and all get its address', async () => {
  const { aws, server, control } = await startAwsWorld()
  const { keeper, states } = startKeeper({ control: control() })
  const found = await Promise.all(Array.from({ length: 100 }, () => keeper.address(NEVER)))
  expect(new Set(found.map(({ host, port }) => `${host}:${port}`))).toEqual(
    new Set([`127.0.0.1:${server.port}`]),
  )
  expect(aws.invocations.filter((name) => name === 'wake')).toHaveLength(1)
  expect(Math.max(...states.map((state) => (state.phase === 'waking' ? state.held : 0)))).toBe(100)
})

test('the stages are told as the provider tells them, up and down', async () => {
  const { control } = await startAwsWorld()
  const { keeper, path, states } = startKeeper({ control: control() })
  expect(keeper.state).toMatchObject({ phase: 'asleep', control: 'aws' })
  await keeper.address(NEVER)
  expect(keeper.state).toMatchObject({
    phase: 'awake',
    running: { costUsd: expect.any(Number), costSource: expect.stringContaining('eu-central-1') },
  })
  await keeper.close(5_000)
  expect(path()).toEqual([
    'waking requested',
    'waking pending',
    'waking activating',
    'waking running',
    'awake',
    'killing',
    'asleep',
  ])
  expect(states.at(-1)).toMatchObject({ phase: 'asleep' })
})

test('a server that is not listening yet is waited for although its task runs', async () => {
  const { server, control } = await startAwsWorld({ onRunning: () => undefined })
  const { keeper, states } = startKeeper({ control: control() })
  const address = keeper.address(NEVER)
  await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', stage: 'running' }))
  await server.on()
  expect(await address).toEqual({ host: '127.0.0.1', port: server.port })
})

test('a request that has waited for as long as it may fails in words, and the next one finds the server', async () => {
  const { server, control } = await startAwsWorld({ onRunning: () => undefined })
  const { keeper, states } = startKeeper({ control: control(), holdMs: 1_000 })
  await expect(keeper.address(NEVER)).rejects.toMatchObject({
    code: 'control.wake-timeout',
    message: expect.stringMatching(/still being started after a wait of 1 s\. It is \w+ now\./),
  })
  expect(states.at(-1)).toMatchObject({ phase: 'waking', held: 0 })
  await server.on()
  expect(await keeper.address(NEVER)).toMatchObject({ port: server.port })
})

test('a request that is given up leaves the others waiting', async () => {
  const { control } = await startAwsWorld()
  const { keeper } = startKeeper({ control: control() })
  const gone = new AbortController()
  const reason = new Error('the browser has gone')
  const first = keeper.address(gone.signal)
  const second = keeper.address(NEVER)
  gone.abort(reason)
  await expect(first).rejects.toBe(reason)
  expect(await second).toMatchObject({ host: '127.0.0.1' })
})

test('what could not be started in time is killed', async () => {
  const { aws, control } = await startAwsWorld()
  aws.ecs.startFailure = 'CannotPullContainerError: no such image'
  const { keeper, path } = startKeeper({ control: control(), times: { startLimitMs: 2_000 } })
  await expect(keeper.address(NEVER)).rejects.toMatchObject({
    code: 'control.wake-timeout',
    message: expect.stringContaining('CannotPullContainerError: no such image'),
  })
  await soon(() => expect(keeper.state.phase).toBe('asleep'))
  expect(path().slice(-2)).toEqual(['killing', 'asleep'])
  expect(aws.ecs.desired).toBe(0)
})

test('a wake whose answer was lost is killed too', async () => {
  const { aws, control } = await startAwsWorld()
  const real = control()
  const { keeper } = startKeeper({
    control: withCalls(real, {
      wake: async (owner, signal) => {
        await real.wake(owner, signal)
        throw new Error('the answer was lost')
      },
    }),
  })
  await expect(keeper.address(NEVER)).rejects.toThrow('the answer was lost')
  await soon(() => expect(aws.ecs.desired).toBe(0))
})

test('credentials that are wrong fail with what to do, are not tried again at once, and need somebody', async () => {
  const { aws, control } = await startAwsWorld()
  const { keeper } = startKeeper({
    control: control('not the secret'),
    times: { coolDownMs: { automatic: 0, user: 60_000, never: 0 } },
  })
  const refused = {
    code: 'control.refused',
    message: expect.stringContaining('The request signature we calculated does not match'),
  }
  await expect(keeper.address(NEVER)).rejects.toMatchObject(refused)
  await soon(() =>
    expect(keeper.state).toMatchObject({ phase: 'failed', cause: { code: 'control.refused' } }),
  )
  const asked = aws.invocations.length
  await expect(keeper.address(NEVER)).rejects.toMatchObject(refused)
  expect(aws.invocations.length).toBe(asked)
  expect(aws.ecs.scaled).toEqual([])
})

test('throttling and errors of the functions are tried again', async () => {
  const { aws, control } = await startAwsWorld()
  aws.fail('wake', { status: 429, code: 'Rate Exceeded.' }, 2)
  aws.fail('query', { status: 500, code: 'Internal Server Error' }, 2)
  const { keeper } = startKeeper({ control: control() })
  expect(await keeper.address(NEVER)).toMatchObject({ host: '127.0.0.1' })
  expect(aws.invocations.filter((name) => name === 'wake')).toHaveLength(3)
})

test('a provider that fails for good is named, with what it said', async () => {
  const { aws, control } = await startAwsWorld()
  aws.deny('UpdateService')
  const { keeper } = startKeeper({ control: control() })
  await expect(keeper.address(NEVER)).rejects.toMatchObject({
    code: 'control.failed',
    message: expect.stringMatching(/"wake" at 127.*status 500: AWS did not do .*AccessDeniedException/),
  })
})

test('closing while the server is being started fails those who wait, and kills it', async () => {
  const { aws, control } = await startAwsWorld({ onRunning: () => undefined })
  const { keeper, states } = startKeeper({ control: control() })
  const waiting = keeper.address(NEVER)
  const outcome = expect(waiting).rejects.toMatchObject({ code: 'tunnel.down' })
  await soon(() => expect(states.at(-1)).toMatchObject({ stage: 'running' }))
  await keeper.close(5_000)
  await outcome
  expect(aws.ecs.desired).toBe(0)
  expect(keeper.state.phase).toBe('asleep')
  await expect(keeper.address(NEVER)).rejects.toMatchObject({ code: 'tunnel.down' })
})

test('closing twice is closing once', async () => {
  const { aws, control } = await startAwsWorld()
  const { keeper } = startKeeper({ control: control() })
  await keeper.address(NEVER)
  await Promise.all([keeper.close(5_000), keeper.close(5_000)])
  const asked = aws.invocations.length
  await keeper.close(0)
  expect(aws.invocations.length).toBe(asked)
})

test('a server that was never needed is neither woken nor killed', async () => {
  const { aws, control } = await startAwsWorld()
  const { keeper, states } = startKeeper({ control: control() })
  await keeper.close(5_000)
  expect({ asked: aws.invocations, states }).toEqual({ asked: [], states: [] })
})

test('a provider that does not answer the kill is a failure that is seen', async () => {
  const { control } = await startAwsWorld()
  const real = control()
  const { keeper } = startKeeper({
    control: withCalls(real, { kill: () => Promise.reject(new Error('no network')) }),
    times: { killAtLeastMs: 50 },
  })
  await keeper.address(NEVER)
  await keeper.close(0)
  expect(keeper.state).toMatchObject({
    phase: 'failed',
    cause: { code: 'control.failed', message: expect.stringContaining('not known whether') },
  })
})

test('a provider that is out of reach for a moment is no reason to stop a server that runs', async () => {
  const { aws, control } = await startAwsWorld()
  const real = control()
  let isOffline = false
  const online = <T>(ask: () => Promise<T>) => (isOffline ? Promise.reject(OFFLINE) : ask())
  const { keeper } = startKeeper({
    control: withCalls(real, {
      wake: (owner, signal) => online(() => real.wake(owner, signal)),
      kill: (owner, signal) => online(() => real.kill(owner, signal)),
    }),
  })
  const address = await keeper.address(NEVER)
  isOffline = true
  await expect(keeper.address(NEVER)).rejects.toBe(OFFLINE)
  expect(keeper.state).toMatchObject({ phase: 'awake', address })
  isOffline = false
  expect(await keeper.address(NEVER)).toEqual(address)
  expect({ kills: aws.invocations.includes('kill'), desired: aws.ecs.desired }).toEqual({
    kills: false,
    desired: 1,
  })
})

test('two agents share a server, and the one that stays keeps it', async () => {
  const { aws, server, control } = await startAwsWorld()
  const laptop = startKeeper({ control: control(), owner: 'laptop' })
  const desktop = startKeeper({ control: control(), owner: 'desktop' })
  await Promise.all([laptop.keeper.address(NEVER), desktop.keeper.address(NEVER)])
  expect(server.starts).toBe(1)
  await laptop.keeper.close(5_000)
  expect({ desired: aws.ecs.desired, phase: laptop.keeper.state.phase }).toEqual({
    desired: 1,
    phase: 'asleep',
  })
  await desktop.keeper.close(5_000)
  expect({ desired: aws.ecs.desired, isOn: server.isOn }).toEqual({ desired: 0, isOn: false })
})

test('a server that somebody stops while it is waited for is woken again', async () => {
  const { aws, server, control } = await startAwsWorld({ onRunning: () => undefined })
  let now = performance.now()
  const ambient = { now: Date.now, monotonicMs: () => now, random: Math.random }
  const { keeper, states } = startKeeper({ control: control(), ambient })
  const address = keeper.address(NEVER)
  await soon(() => expect(states.at(-1)).toMatchObject({ stage: 'running' }))
  aws.ecs.scale(0)
  await soon(() => expect(states.at(-1)).toMatchObject({ stage: 'stopped' }))
  now += 6_000
  await soon(() => expect(aws.ecs.desired).toBe(1))
  await server.on()
  expect(await address).toMatchObject({ port: server.port })
})

test('whoever lost the connection finds the server without waking it, and its sleep when it was put to sleep', async () => {
  const { aws, server, control } = await startAwsWorld()
  const { keeper } = startKeeper({ control: control() })
  expect(await keeper.look(NEVER)).toBeUndefined()
  const address = await keeper.address(NEVER)
  expect(await keeper.look(NEVER)).toEqual(address)
  aws.ecs.scale(0)
  expect(await keeper.look(NEVER)).toBeUndefined()
  expect(keeper.state.phase).toBe('asleep')
  expect({ desired: aws.ecs.desired, starts: server.starts }).toEqual({ desired: 0, starts: 1 })
})

async function historyFile(): Promise<string> {
  const folder = await makeTempDir('history-')
  return join(folder, 'wake.json')
}

async function wakeOnce({ control }: AwsWorld, file: string) {
  const kept = startKeeper({ control: control(), historyFile: file })
  await kept.keeper.address(NEVER)
  await kept.keeper.close(5_000)
  return kept.states.findLast(({ phase }) => phase === 'waking')
}

test('how long it takes as a rule is remembered', async () => {
  const world = await startAwsWorld()
  const file = await historyFile()
  expect(await wakeOnce(world, file)).toMatchObject({ typicalMs: undefined })
  const { aws: runs } = JSON.parse(await readFile(file, 'utf8'))
  expect(runs).toEqual([expect.any(Number)])
  expect(await wakeOnce(world, file)).toMatchObject({ typicalMs: runs[0] })
  await writeFile(file, JSON.stringify({ aws: [60_000, 61_000, 300_000] }))
  expect(await wakeOnce(world, file)).toMatchObject({ typicalMs: 61_000 })
  await writeFile(file, 'no json')
  expect(await wakeOnce(world, file)).toMatchObject({ typicalMs: undefined })
})
