import { expect, test } from 'vitest'
import { CoolDowns } from '../../../../../src/relay/upstreams/routing/cool-downs.ts'
import type { Upstream } from '../../../../../src/relay/upstreams/upstream.ts'
import { fakeAmbient } from '../../../../support/fake-ambient.ts'

const box = (): Upstream => ({
  ...{ id: 'box', name: 'box', problem: undefined },
  wiresOf: () => [],
  infer: async () => undefined,
  models: async () => ({ models: [], ageMs: 0 }),
})

function start() {
  const ambient = fakeAmbient('2026-11-21T12:00:00.000Z')
  return { ambient, coolDowns: new CoolDowns(ambient), model: { upstream: box(), model: 'm' } }
}

test.each([
  ['nothing', undefined, 30],
  ['seconds', '7', 7],
  ['a date', 'Sat, 21 Nov 2026 12:01:00 GMT', 60],
  ['no time at all', '0', 0],
  ['more than an hour', '86400', 3600],
  ['a date in the past', 'Sat, 21 Nov 2026 11:00:00 GMT', 30],
  ['what nobody understands', 'soon', 30],
  ['a number without end', '9'.repeat(400), 30],
])('after a refusal with %s as Retry-After it is asked last for that long', (_what, retryAfter, seconds) => {
  const { ambient, coolDowns, model } = start()
  coolDowns.begin(model, 'upstream.rate-limited', retryAfter)
  if (seconds > 0) {
    ambient.pass(seconds * 1000 - 1)
    expect(coolDowns.isCooling(model)).toBe(true)
    ambient.pass(1)
  }
  expect(coolDowns.isCooling(model)).toBe(false)
})

test('a refusal concerns one model, a host that does not answer all of them', () => {
  const { coolDowns, model } = start()
  const other = { ...model, model: 'n' }
  coolDowns.begin(model, 'upstream.rate-limited')
  expect([coolDowns.isCooling(other), coolDowns.isCoolingAsWhole(model.upstream)]).toEqual([false, false])
  coolDowns.begin(model, 'relay.upstream-unreachable')
  expect([coolDowns.isCooling(other), coolDowns.isCoolingAsWhole(model.upstream)]).toEqual([true, true])
  coolDowns.end(other)
  expect(coolDowns.isCooling(other)).toBe(false)
  expect(coolDowns.isCooling(model)).toBe(true)
  coolDowns.end(model)
  expect(coolDowns.isCooling(model)).toBe(false)
})

test('a provider that was put in the place of another begins without its failures', () => {
  const { coolDowns, model } = start()
  coolDowns.begin(model, 'relay.upstream-unreachable')
  expect(coolDowns.isCooling({ upstream: box(), model: 'm' })).toBe(false)
})

test('names that clients make up do not pile up', () => {
  const { coolDowns, model } = start()
  const named = (index: number) => ({ ...model, model: `m${index}` })
  for (let index = 0; index < 2_000; index += 1) coolDowns.begin(named(index), 'upstream.overloaded', '60')
  const kept = Array.from({ length: 2_000 }, (_, index) => coolDowns.isCooling(named(index))).filter(Boolean)
  expect(kept).toHaveLength(500)
  expect(coolDowns.isCooling(named(1_999))).toBe(true)
})
