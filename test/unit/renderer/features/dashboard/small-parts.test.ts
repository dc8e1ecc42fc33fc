import { expect, test } from 'vitest'
import { dayValues, measuresOf } from '../../../../../src/renderer/features/dashboard/days.ts'
import { overviewOf } from '../../../../../src/renderer/features/dashboard/overview.ts'
import { lineBetween } from '../../../../../src/renderer/features/dashboard/path-lines.ts'
import { readUsage } from '../../../../../src/shared/protocol/read-usage.ts'
import { makeClientState, NOON } from '../../../../support/make-bridge-state.ts'
import { makeBusyState, makeFailure, makeTroubledState } from '../../../../support/make-dashboard.ts'
import { makeUsage } from '../../../../support/make-usage.ts'

test('days without requests are zeros, and days to come are not there', () => {
  const usage = readUsage(makeUsage({ now: NOON }))
  if (usage === undefined) throw new Error('The usage cannot be read.')
  const values = dayValues(usage, 'requests', '2026-11-21')
  expect(values).toHaveLength(21)
  expect(values[6]).toMatchObject({ day: '2026-11-07', isTold: false, amount: { value: 0 } })
  expect(measuresOf(usage)).toEqual(['requests', 'tokens', 'premium', 'credits', 'cost'])
})

test('a line runs from edge to edge across, and along the rail in one column', () => {
  const from = { left: 0, top: 0, width: 100, height: 40 }
  expect(lineBetween(from, { left: 160, top: 20, width: 100, height: 40 }, false)).toBe(
    'M100 20C130 20 130 40 160 40',
  )
  expect(lineBetween(from, { left: 0, top: 80, width: 100, height: 40 }, false)).toBe('M50 40V80')
  expect(lineBetween(from, { left: 0, top: 80, width: 100, height: 40 }, true)).toBe(
    'M0 20H-6Q-14 20 -14 28V92Q-14 100 -6 100H0',
  )
})

test('the headline says the worst that is so', () => {
  const busy = makeBusyState(NOON)
  const [builder] = busy.clients
  if (builder === undefined) throw new Error('The busy state has clients.')
  const cause = makeFailure('ssh.connection-lost', 'It broke.')
  const broken = makeClientState({ name: 'broken', link: { phase: 'failed', since: NOON, cause } })
  expect(
    [
      busy,
      { ...busy, wanted: 'disconnected' as const },
      makeTroubledState(NOON),
      { ...busy, clients: [builder, broken] },
      { ...busy, clients: [broken] },
      { ...busy, relay: { ...busy.relay, health: { kind: 'unknown' as const } } },
    ].map((state) => {
      const { tone, headline } = overviewOf(state)
      return `${tone}: ${headline}`
    }),
  ).toEqual([
    'good: Connected',
    'quiet: Disconnected',
    'busy: Connecting to the relay again',
    'ask: 1 of 2 clients reach the relay',
    'bad: The client does not reach the relay',
    'busy: Connecting',
  ])
})
