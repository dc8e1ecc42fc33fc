import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { ServerAddress } from '../../../src/main/control/control-plane.ts'
import { soon } from '../../support/soon.ts'
import { startAwsWorld, startKeeper } from '../../support/start-control.ts'

const NEVER = new AbortController().signal
const MINUTE_MS = 60_000

async function firstWords({ host, port }: ServerAddress): Promise<string> {
  const socket = connect({ host, port })
  await once(socket, 'connect')
  return await text(socket)
}

test('asleep, woken by the first request, held, answered, idle, put to sleep, woken, killed', async () => {
  let time = Date.parse('2026-11-21T12:00:00Z')
  const { aws, server, control } = await startAwsWorld({ now: () => time, stageMs: 10_000 })
  const { keeper, states, path } = startKeeper({ control: control() })

  // Asleep: nothing runs, nothing is asked.
  expect({ state: keeper.state.phase, asked: aws.invocations }).toEqual({ state: 'asleep', asked: [] })

  // The first request wakes the server and is held; the second waits for the same start.
  const requests = [keeper.address(NEVER), keeper.address(NEVER)]
  await soon(() => expect(states.at(-1)).toMatchObject({ stage: 'provisioning', held: 2 }))
  for (const stage of ['pending', 'activating']) {
    time += 10_000
    await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', stage, held: 2 }))
  }
  time += 10_000
  const [address] = await Promise.all(requests)
  expect(keeper.state).toMatchObject({
    phase: 'awake',
    running: { since: Date.parse('2026-11-21T12:00:00Z'), stopsAt: Date.parse('2026-11-22T00:00:00Z') },
  })

  // Answered through the server, which reports what went through it.
  if (address === undefined) throw new Error('No address.')
  expect(await firstWords(address)).toBe('x')
  aws.report({ bytes: 1, requests: 1, activeConnections: 1 })

  // Idle: the schedule looks every 5 minutes, and the fourth look puts it to sleep.
  const actions: string[] = []
  for (let look = 0; look < 4; look += 1) {
    time += 5 * MINUTE_MS
    actions.push(JSON.parse((await aws.invoke('sleep')).body).action)
  }
  expect(actions).toEqual(['no_change', 'no_change', 'scaled_down', 'no_change'])
  time += MINUTE_MS
  expect(await keeper.look(NEVER)).toBeUndefined()
  expect({ phase: keeper.state.phase, isOn: server.isOn }).toEqual({ phase: 'asleep', isOn: false })

  // The next request wakes it once more.
  const again = keeper.address(NEVER)
  await soon(() => expect(states.at(-1)).toMatchObject({ phase: 'waking', stage: 'provisioning' }))
  time += MINUTE_MS
  expect(await firstWords(await again)).toBe('x')

  // Killed on quit, and seen to be gone.
  const closed = keeper.close(20_000)
  await soon(() => expect(aws.ecs.desired).toBe(0))
  expect(keeper.state.phase).toBe('killing')
  time += MINUTE_MS
  await closed
  expect({ phase: keeper.state.phase, isOn: server.isOn, starts: server.starts }).toEqual({
    phase: 'asleep',
    isOn: false,
    starts: 2,
  })
  expect(path()).toEqual([
    ...['waking requested', 'waking provisioning', 'waking pending', 'waking activating', 'waking running'],
    ...['awake', 'asleep'],
    ...['waking requested', 'waking provisioning', 'waking running', 'awake', 'killing', 'asleep'],
  ])
})

test('a wake that races the kill of another agent ends with a server that runs', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { aws, control } = await startAwsWorld()
    const leaving = startKeeper({ control: control(), owner: 'leaving' })
    const coming = startKeeper({ control: control(), owner: 'coming' })
    await leaving.keeper.address(NEVER)
    const [address] = await Promise.all([coming.keeper.address(NEVER), leaving.keeper.close(5_000)])
    expect(aws.ecs.desired).toBe(1)
    // It may have found the server in the moment before the other one stopped it.
    const found = await coming.keeper.look(NEVER)
    expect(found ?? (await coming.keeper.address(NEVER))).toEqual(address)
  }
})

test('a request that comes while a failed start is cleared away starts anew', async () => {
  const { aws, server, control } = await startAwsWorld()
  aws.ecs.startFailure = 'CannotPullContainerError'
  const { keeper } = startKeeper({ control: control(), times: { startLimitMs: 3_000 } })
  await expect(keeper.address(NEVER)).rejects.toMatchObject({ code: 'control.wake-timeout' })
  aws.ecs.startFailure = undefined
  expect(await keeper.address(NEVER)).toMatchObject({ port: server.port })
  expect(keeper.state.phase).toBe('awake')
  expect(aws.ecs.desired).toBe(1)
})
