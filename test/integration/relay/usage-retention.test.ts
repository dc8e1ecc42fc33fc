import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { openUsage, type Usage } from '../../../src/relay/usage/usage-store.ts'
import { type FakeAmbient, fakeAmbient } from '../../support/fake-ambient.ts'
import { makeDir, SILENT, send, until } from '../../support/start-usage.ts'

function start(dir: string, iso: string, keepDays?: number): { usage: Usage; ambient: FakeAmbient } {
  const ambient = fakeAmbient(iso)
  const usage = openUsage({ dir, ambient, log: SILENT, keepDays })
  onTestFinished(() => usage.close())
  return { usage, ambient }
}

/** One run of the relay on a day: accepted, refused and cancelled requests of two clients on two upstreams. */
function oneDay(dir: string, iso: string): void {
  const { usage } = start(dir, iso)
  send(usage, { facts: { client: 'vm' }, usage: { input: 100, cached: 40, output: 7, nanoAiu: 123_456_789 } })
  send(usage, { facts: { client: 'vm', model: 'new-model' }, outcome: 'cancelled' })
  send(usage, { facts: { client: 'laptop' }, status: 402, outcome: 'failed' })
  send(usage, { facts: { client: 'laptop', upstream: 'openrouter', model: 'a/b' } })
  usage.close()
}

function daysIn(dir: string, table: 'requests' | 'days'): string[] {
  const database = new DatabaseSync(join(dir, 'usage.db'), { readOnly: true })
  const rows = database.prepare(`SELECT DISTINCT day FROM ${table} ORDER BY day`).all()
  database.close()
  return rows.map(({ day }) => String(day))
}

/** Everything that is told about a month but for when it is told. */
function told(usage: Usage, month: string): unknown {
  const { generatedAt, uptime, counts, ...rest } = usage.details(month)
  return rest
}

test('requests of old days become sums, and every month stays what it was', async () => {
  const dir = await makeDir()
  for (const day of ['2025-01-10', '2025-01-11', '2025-10-16', '2025-10-17', '2026-11-20'])
    oneDay(dir, `${day}T10:00:00.000Z`)
  const before = start(dir, '2025-10-17T12:00:00.000Z')
  const [january, october] = ['2025-01', '2025-10'].map((month) => told(before.usage, month))
  before.usage.close()
  const { usage } = start(dir, '2026-11-21T12:00:00.000Z')
  await until(() => daysIn(dir, 'requests').length === 2)
  expect(daysIn(dir, 'requests')).toEqual(['2025-10-17', '2026-11-20'])
  expect(daysIn(dir, 'days')).toEqual(['2025-01-10', '2025-01-11', '2025-10-16'])
  expect(told(usage, '2025-01')).toEqual(january)
  expect(told(usage, '2025-10')).toEqual(october)
  expect(january).toMatchObject({ requests: 8, totals: { cancelled: 2, failed: 2 } })
})

test('a clock that was set back adds to the sums of a day that had them already', async () => {
  const dir = await makeDir()
  oneDay(dir, '2025-01-10T10:00:00.000Z')
  for (const round of [1, 2]) {
    const { usage } = start(dir, '2026-11-21T12:00:00.000Z')
    await until(() => daysIn(dir, 'requests').length === 0)
    expect(usage.details('2025-01').requests).toBe(4 * round)
    usage.close()
    oneDay(dir, '2025-01-10T11:00:00.000Z')
  }
})

test('requests of this run stay as they are, since they are counted in memory', async () => {
  const dir = await makeDir()
  const { usage, ambient } = start(dir, '2026-01-05T12:00:00.000Z', 31)
  send(usage)
  await until(() => daysIn(dir, 'requests').length === 1)
  ambient.setClock('2026-11-21T12:00:00.000Z')
  send(usage)
  await until(() => daysIn(dir, 'requests').length === 2)
  expect(daysIn(dir, 'days')).toEqual([])
  expect([usage.details('2026-01').requests, usage.details().requests]).toEqual([1, 1])
})

test('a relay that runs for months keeps up with the days of the runs before it', async () => {
  const dir = await makeDir()
  oneDay(dir, '2026-10-01T10:00:00.000Z')
  const { usage, ambient } = start(dir, '2026-10-02T12:00:00.000Z', 31)
  await until(() => statSync(join(dir, 'usage.db')).size > 0)
  expect(daysIn(dir, 'requests')).toEqual(['2026-10-01'])
  ambient.setClock('2026-11-21T12:00:00.000Z')
  send(usage)
  await until(() => daysIn(dir, 'days').length === 1)
  expect(daysIn(dir, 'requests')).toEqual(['2026-11-21'])
})

test('a database of the version before is taken over', async () => {
  const dir = await makeDir()
  oneDay(dir, '2026-11-20T10:00:00.000Z')
  const old = new DatabaseSync(join(dir, 'usage.db'))
  old.exec('DROP TABLE days; PRAGMA user_version = 1')
  old.close()
  const { usage } = start(dir, '2026-11-21T12:00:00.000Z')
  expect(usage.summary()).toMatchObject({ requests: 4, storage: { state: 'ok', notice: null } })
})
