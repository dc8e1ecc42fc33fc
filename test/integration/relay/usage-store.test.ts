import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openUsage } from '../../../src/relay/usage/usage-store.ts'
import { fakeAmbient } from '../../support/fake-ambient.ts'
import { FACTS, makeDir, SILENT, send, startUsage, until } from '../../support/start-usage.ts'

describe('usage database', () => {
  it('belongs to its owner alone', async () => {
    const dir = await makeDir()
    const usage = startUsage(dir)
    send(usage)
    await until(() => usage.summary().storage.unsaved === 0)
    for (const file of ['usage.db', 'usage.db-wal'])
      expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600)
  })

  it('shows a request that was under way when the relay was killed as lost, and only once', async () => {
    const dir = await makeDir()
    // Never closed: this run "dies" with one request open.
    const killed = openUsage({ dir, ambient: fakeAmbient(), log: SILENT })
    send(killed)
    killed.recorder.begin(FACTS)
    const reader = new DatabaseSync(join(dir, 'usage.db'), { readOnly: true })
    await until(() => reader.prepare("SELECT 1 FROM requests WHERE outcome = 'open'").get() !== undefined)
    reader.close()
    const second = startUsage(dir)
    expect(second.summary().totals).toMatchObject({
      requests: 2,
      completed: 1,
      lost: 1,
      tokens: { input: { unknown: 1 } },
    })
    expect(second.summary().storage.notice).toContain('under way')
    second.close()
    expect(startUsage(dir).summary().totals).toMatchObject({ requests: 2, lost: 1 })
    killed.close()
  })

  it('is moved aside when damaged, and a new one begins, in words', async () => {
    const dir = await makeDir()
    writeFileSync(join(dir, 'usage.db'), 'this is no database, '.repeat(1000))
    const usage = startUsage(dir)
    send(usage)
    const { storage, requests } = usage.summary()
    expect([storage.state, requests]).toEqual(['ok', 1])
    expect(storage.notice).toContain('usage.db.corrupt-2026-11-21')
    usage.close()
    expect(startUsage(dir).summary().requests).toBe(1)
  })

  it('of a newer version is left alone, and sums live in memory', async () => {
    const dir = await makeDir()
    const newer = new DatabaseSync(join(dir, 'usage.db'))
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    const usage = startUsage(dir)
    send(usage)
    expect(usage.summary()).toMatchObject({ requests: 1, storage: { state: 'memory', unsaved: 1 } })
    expect(usage.summary().storage.notice).toContain('newer version')
  })

  it('that cannot be opened is tried again, and nothing counted meanwhile is lost', async () => {
    const dir = await makeDir()
    const earlier = startUsage(dir)
    send(earlier)
    earlier.close()
    const database = new DatabaseSync(join(dir, 'usage.db'))
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version)
    database.exec('PRAGMA user_version = 99')
    const usage = startUsage(dir)
    send(usage)
    database.exec(`PRAGMA user_version = ${version}`)
    database.close()
    await until(() => usage.summary().storage.state === 'ok')
    expect(usage.summary()).toMatchObject({ requests: 2, storage: { notice: null } })
    usage.close()
    expect(startUsage(dir).summary().requests).toBe(2)
  })

  it('held by another program makes rows wait', async () => {
    const dir = await makeDir()
    const usage = startUsage(dir)
    const other = new DatabaseSync(join(dir, 'usage.db'))
    other.exec('BEGIN IMMEDIATE')
    send(usage)
    await until(() => usage.summary().storage.state === 'behind')
    expect(usage.summary().storage.notice).toContain('another program')
    other.exec('COMMIT')
    other.close()
    await until(() => usage.summary().storage.unsaved === 0)
    expect(usage.summary().storage).toEqual({ state: 'ok', notice: null, unsaved: 0, dropped: 0 })
  })
})
