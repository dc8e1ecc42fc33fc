import fc from 'fast-check'
import { expect, test } from 'vitest'
import { kill } from '../../../src/functions/kill/core.ts'
import { leaseTag, liveLeases, staleLeases } from '../../../src/functions/leases.ts'
import { AWAKE_TAG } from '../../../src/functions/names.ts'
import type { ServiceState, TunnelService } from '../../../src/functions/ports.ts'
import { sleep } from '../../../src/functions/sleep/core.ts'
import { wake } from '../../../src/functions/wake/core.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const MINUTE_MS = 60_000
const LEASE_MS = 12 * 60 * MINUTE_MS
const PLACE = { caller: 'me', cluster: 'cluster', service: 'service', leaseMs: LEASE_MS }

interface MemoryService extends TunnelService {
  readonly tags: Map<string, string>
  desired: number
}

/** Every call is done in one moment, and that moment is chosen by `when`. */
function memoryService(when: <T>(act: () => T) => Promise<T>): MemoryService {
  const tags = new Map<string, string>()
  const service: MemoryService = {
    tags,
    desired: 0,
    describe: () =>
      when((): ServiceState => ({ desired: service.desired, running: 0, pending: 0, tags: new Map(tags) })),
    scale: (desired) =>
      when(() => {
        service.desired = desired
      }),
    putTags: (added) =>
      when(() => {
        for (const [key, value] of Object.entries(added)) tags.set(key, value)
      }),
    dropTags: (keys) =>
      when(() => {
        for (const key of keys) tags.delete(key)
      }),
  }
  return service
}

const noTasks = { list: async () => [] }

const histories = fc.array(fc.array(fc.constantFrom('wake', 'kill'), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
})

test('however wakes and kills of several owners fall, it ends running exactly if somebody still needs it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), histories, async (scheduler, owners) => {
      const service = memoryService((act) => scheduler.schedule(Promise.resolve()).then(act))
      const lives = owners.map(async (actions, index) => {
        const owner = `owner-${index}`
        for (const action of actions) {
          if (action === 'wake') await wake({ ...PLACE, owner }, service, NOW)
          else await kill({ ...PLACE, owner }, service, noTasks, NOW)
        }
      })
      await scheduler.waitFor(Promise.all(lives))
      const isNeeded = owners.some((actions) => actions.at(-1) === 'wake')
      expect(service.desired).toBe(isNeeded ? 1 : 0)
    }),
    { numRuns: 3_000 },
  )
})

test('whoever wakes a server while it is put to sleep for being idle gets one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const service = memoryService((act) => scheduler.schedule(Promise.resolve()).then(act))
      service.desired = 1
      service.tags.set(AWAKE_TAG, new Date(NOW - 60 * MINUTE_MS).toISOString())
      const idle = { lastActiveAt: undefined, averageConnections: 0 }
      const order = { idleMs: 15 * MINUTE_MS, lookbackMs: 15 * MINUTE_MS, maxLifetimeMs: LEASE_MS }
      await scheduler.waitFor(
        Promise.all([
          sleep(order, service, async () => idle, NOW),
          wake({ ...PLACE, owner: 'laptop' }, service, NOW),
        ]),
      )
      expect(service.desired).toBe(1)
    }),
    { numRuns: 200 },
  )
})

test('a kill wakes nobody, whatever leases are left from before the server was put to sleep', async () => {
  const service = memoryService(async (act) => act())
  await wake({ ...PLACE, owner: 'crashed' }, service, NOW)
  await wake({ ...PLACE, owner: 'laptop' }, service, NOW)
  service.desired = 0
  expect(await kill({ ...PLACE, owner: 'laptop' }, service, noTasks, NOW)).toMatchObject({ status: 'killed' })
  expect(service.desired).toBe(0)
})

function stateWith(tags: Readonly<Record<string, string>>): ServiceState {
  return { desired: 1, running: 1, pending: 0, tags: new Map(Object.entries(tags)) }
}

const at = (minutes: number) => new Date(NOW + minutes * MINUTE_MS).toISOString()

test('leases of this run count until they are outlived; those of earlier runs and nonsense do not', () => {
  const state = stateWith({
    [AWAKE_TAG]: at(-30),
    [leaseTag('me', 'first')]: at(-30),
    [leaseTag('me', 'with-a-clock-behind')]: at(-30.5),
    [leaseTag('me', 'earlier')]: at(-32),
    [leaseTag('me', 'nonsense')]: 'yesterday',
    Project: 'tunnel',
  })
  expect([...liveLeases(state, NOW, LEASE_MS).keys()]).toEqual([
    leaseTag('me', 'first'),
    leaseTag('me', 'with-a-clock-behind'),
  ])
  expect(staleLeases(state, NOW, LEASE_MS)).toEqual([leaseTag('me', 'earlier'), leaseTag('me', 'nonsense')])
  expect(liveLeases(state, NOW, 10 * MINUTE_MS).size).toBe(0)
})

test('many stale leases are cleared away, because a service has room for 50 tags', async () => {
  const service = memoryService(async (act) => act())
  for (let lease = 0; lease < 45; lease += 1) service.tags.set(leaseTag('me', `old-${lease}`), at(-10_000))
  await wake({ ...PLACE, owner: 'laptop' }, service, NOW)
  expect([...service.tags.keys()].sort()).toEqual([AWAKE_TAG, leaseTag('me', 'laptop')])
})

test('the tag of a lease has only what tags may have, and fits', () => {
  expect(leaseTag('AIDA/ü:*', 'a'.repeat(64))).toMatch(/^[\w:/.-]{1,128}$/)
  expect(leaseTag('x'.repeat(200), 'a'.repeat(64)).length).toBeLessThanOrEqual(128)
})
