import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readUsage } from '../../../../src/shared/protocol/read-usage.ts'
import { detailsSchema } from '../../../../src/shared/protocol/usage.ts'
import { NOON } from '../../../support/make-bridge-state.ts'
import { makeUsage } from '../../../support/make-usage.ts'

test('the usage of this version is understood whole', () => {
  const usage = makeUsage({ now: NOON })
  expect(detailsSchema.safeParse(usage).error).toBeUndefined()
  const read = readUsage(usage)
  expect(read?.models).toHaveLength(usage.models.length)
  expect(read?.quotas).toHaveLength(usage.quotas.length)
  expect(read?.limits).toHaveLength(usage.limits.length)
  expect(read?.totals?.credits?.estimated?.estimate).toBe(true)
})

test('the first relays told four numbers, and the rest is unknown', () => {
  expect(readUsage({ requests: 3, premium_requests_used: 1, authenticated: true, uptime: 9 })).toMatchObject({
    requests: 3,
    models: [],
    limits: [],
  })
})

test('a newer relay may name sources and units that this version has never heard of', () => {
  const usage = makeUsage({ now: NOON })
  const cost = { ...usage.totals.cost, unit: 'EUR', source: 'told by a bird' }
  expect(readUsage({ ...usage, totals: { ...usage.totals, cost } })?.totals?.cost).toMatchObject({
    unit: 'EUR',
    source: 'told by a bird',
  })
})

test('one bad row takes no other with it', () => {
  const usage = makeUsage({ now: NOON })
  expect(readUsage({ ...usage, days: [...usage.days, null, { day: 'Friday' }] })?.days).toHaveLength(
    usage.days.length,
  )
})

test('no answer makes it throw', () => {
  fc.assert(fc.property(fc.jsonValue(), (answer) => void readUsage(answer)))
  expect(readUsage('no usage')).toBeUndefined()
})
