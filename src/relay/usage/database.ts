import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { DAYS_TABLE, rollUpOldestDay } from './retention.ts'
import { EXPRESSIONS, IS_REAL, SUM_NAMES } from './sums-sql.ts'
import { COUNTS, emptyTotals, type Labels, SUMS, type Totals } from './totals.ts'
import type { UsageRow } from './usage-row.ts'

const SCHEMA_VERSION = 2

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE requests (
     boot TEXT NOT NULL, seq INTEGER NOT NULL,
     at INTEGER NOT NULL, day TEXT NOT NULL, duration_ms REAL, first_byte_ms REAL,
     upstream TEXT NOT NULL, endpoint TEXT NOT NULL, model TEXT NOT NULL, client TEXT NOT NULL,
     stream INTEGER NOT NULL, initiator TEXT NOT NULL, outcome TEXT NOT NULL, status INTEGER,
     tokens_source TEXT, input INTEGER NOT NULL, cached_input INTEGER NOT NULL, cache_write INTEGER NOT NULL,
     output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
     premium_source TEXT, premium_micro INTEGER NOT NULL,
     credits_source TEXT, credits_nano INTEGER NOT NULL,
     cost_source TEXT, cost_pico INTEGER NOT NULL,
     PRIMARY KEY (boot, seq)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX requests_by_day ON requests (day);
   CREATE INDEX requests_open ON requests (boot) WHERE outcome = 'open';
   CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`,
  DAYS_TABLE,
]

const COLUMNS: Readonly<Record<string, keyof UsageRow>> = {
  boot: 'boot',
  seq: 'seq',
  at: 'at',
  day: 'day',
  duration_ms: 'durationMs',
  first_byte_ms: 'firstByteMs',
  upstream: 'upstream',
  endpoint: 'endpoint',
  model: 'model',
  client: 'client',
  stream: 'stream',
  initiator: 'initiator',
  outcome: 'outcome',
  status: 'status',
  tokens_source: 'tokensSource',
  input: 'input',
  cached_input: 'cachedInput',
  cache_write: 'cacheWrite',
  output: 'output',
  reasoning: 'reasoning',
  premium_source: 'premiumSource',
  premium_micro: 'premiumMicro',
  credits_source: 'creditsSource',
  credits_nano: 'creditsNano',
  cost_source: 'costSource',
  cost_pico: 'costPico',
}

/**
 * usage.db: one row per request, of old days one per label, WAL, one writer. Commits do not wait for the disk (`synchronous = NORMAL`), only
 * checkpoints do, and those are asked for when nothing is under way: on a Raspberry Pi they can take a second. A
 * killed process loses nothing that was committed; a power cut may lose the last minutes, never the file.
 */
export class UsageDatabase {
  private readonly database: DatabaseSync
  private readonly upsert: StatementSync
  private readonly note: StatementSync

  /** @throws what SQLite throws; see {@link storageFailure}. */
  constructor(path: string) {
    this.database = new DatabaseSync(path, { timeout: 50 })
    try {
      this.database.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;',
      )
      this.check(path)
      this.migrate()
      const columns = Object.keys(COLUMNS)
      this.upsert = this.database.prepare(
        `INSERT INTO requests (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
         ON CONFLICT (boot, seq) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`,
      )
      this.note = this.database.prepare(
        'INSERT INTO notes (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      )
    } catch (error) {
      this.database.close()
      throw error
    }
  }

  /** Requests that an earlier run left open are lost: it died before their end. Their usage is unknown. */
  markLost(): number {
    return Number(
      this.database.prepare("UPDATE requests SET outcome = 'lost' WHERE outcome = 'open'").run().changes,
    )
  }

  /** Writes everything or nothing; a row that is there already is replaced. */
  write(rows: readonly UsageRow[], notes: ReadonlyMap<string, string>): void {
    this.database.exec('BEGIN IMMEDIATE')
    try {
      for (const row of rows) this.upsert.run(...Object.values(COLUMNS).map((name) => row[name]))
      for (const [key, value] of notes) this.note.run(key, value)
      this.database.exec('COMMIT')
    } catch (error) {
      // On a full disk SQLite may have rolled back by itself.
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      throw error
    }
  }

  /** Ended requests of a month by all labels, those of `exceptBoot` left out. */
  *readMonth(month: string, exceptBoot: string): Generator<[Labels, Totals]> {
    const sums = SUM_NAMES.map((name) => `${EXPRESSIONS[name]} AS ${name}`)
    const statement = this.database.prepare(
      `SELECT day, upstream, model, client, ${IS_REAL} AS real, max(at) AS last_at, ${sums.join(', ')}
         FROM requests WHERE day BETWEEN ?1 AND ?2 AND boot <> ?3 AND outcome <> 'open'
        GROUP BY day, upstream, model, client, real
       UNION ALL
       SELECT day, upstream, model, client, real, last_at, ${SUM_NAMES.join(', ')}
         FROM days WHERE day BETWEEN ?1 AND ?2
        ORDER BY real DESC, requests DESC`,
    )
    statement.setReadBigInts(true)
    for (const cells of statement.iterate(`${month}-01`, `${month}-31`, exceptBoot)) yield readCells(cells)
  }

  /**
   * Turns the requests of the oldest day before `day` into sums. Those of `exceptBoot` stay: whoever counts them in
   * memory would count them twice.
   *
   * @returns the day; undefined when there is none.
   */
  rollUpDayBefore(day: string, exceptBoot: string): string | undefined {
    return rollUpOldestDay(this.database, day, exceptBoot)
  }

  /** The newest ended requests, the oldest of them first; those of `exceptBoot` left out. */
  readRecent(limit: number, exceptBoot: string): UsageRow[] {
    // By day first, which has an index: the table may hold years.
    const statement = this.database.prepare(
      `SELECT ${Object.keys(COLUMNS).join(', ')} FROM requests
        WHERE boot <> ? AND outcome <> 'open' ORDER BY day DESC, at DESC, seq DESC LIMIT ?`,
    )
    statement.setReadBigInts(true)
    return statement.all(exceptBoot, limit).map(readRow).reverse()
  }

  readNote(key: string): string | undefined {
    const value = this.database.prepare('SELECT value FROM notes WHERE key = ?').get(key)?.value
    return typeof value === 'string' ? value : undefined
  }

  /** Moves the log into the database file. May wait for the disk. */
  checkpoint(): void {
    this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  close(): void {
    this.database.close()
  }

  private check(path: string): void {
    const answer = this.database.prepare('PRAGMA quick_check(1)').get()?.quick_check
    if (answer !== 'ok') throw new CorruptDatabaseError(`${path}: ${String(answer)}`)
  }

  private migrate(): void {
    const version = Number(this.database.prepare('PRAGMA user_version').get()?.user_version ?? 0)
    if (version > SCHEMA_VERSION)
      throw new NewerDatabaseError(`version ${version}, known is ${SCHEMA_VERSION}`)
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < version) continue
      this.database.exec(`BEGIN IMMEDIATE; ${sql} PRAGMA user_version = ${index + 1}; COMMIT`)
    }
  }
}

/** Money is kept as big integers, everything else fits into a number. */
function readRow(cells: Record<string, unknown>): UsageRow {
  const values = Object.entries(COLUMNS).map(([column, name]) => {
    const value = cells[column]
    return [name, typeof value === 'bigint' && !BIG.has(name) ? Number(value) : value]
  })
  return Object.fromEntries(values) as UsageRow
}

const BIG: ReadonlySet<keyof UsageRow> = new Set(['premiumMicro', 'creditsNano', 'costPico'])

function readCells(cells: Record<string, unknown>): [Labels, Totals] {
  const totals = emptyTotals()
  for (const name of COUNTS) totals[name] = Number(cells[name])
  for (const name of SUMS) totals[name] = BigInt(cells[name] as bigint)
  totals.lastAt = Number(cells.last_at)
  const label = (name: string): string => String(cells[name])
  return [
    {
      day: label('day'),
      upstream: label('upstream'),
      model: label('model'),
      client: label('client'),
      modelIsReal: Number(cells.real) === 1,
    },
    totals,
  ]
}

export class CorruptDatabaseError extends Error {}
export class NewerDatabaseError extends Error {}

export type StorageFailure = 'full' | 'read-only' | 'busy' | 'corrupt' | 'newer' | 'unusable'

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html */
const RESULT_CODES: Readonly<Record<number, StorageFailure>> = {
  5: 'busy',
  6: 'busy',
  8: 'read-only',
  11: 'corrupt',
  13: 'full',
  14: 'unusable',
  26: 'corrupt',
}

export function storageFailure(error: unknown): StorageFailure {
  if (error instanceof CorruptDatabaseError) return 'corrupt'
  if (error instanceof NewerDatabaseError) return 'newer'
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  const system = error instanceof Error && 'code' in error ? error.code : ''
  if (system === 'ENOSPC' || system === 'EDQUOT') return 'full'
  if (system === 'EROFS' || system === 'EACCES' || system === 'EPERM') return 'read-only'
  return RESULT_CODES[code] ?? 'unusable'
}

/** Makes the folder and an empty file that only its owner can read; SQLite gives -wal and -shm the same mode. */
export function openUsageDatabase(dir: string): UsageDatabase {
  const path = databasePath(dir)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  return new UsageDatabase(path)
}

/** Puts a broken database out of the way, for whoever wants to mend it. Returns its new path. */
export function moveAside(dir: string, at: number): string {
  const path = databasePath(dir)
  const aside = `${path}.corrupt-${new Date(at).toISOString().replaceAll(':', '-')}`
  renameSync(path, aside)
  // They belong to the broken file and would spoil the new one.
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${aside}-wal`)
  rmSync(`${path}-shm`, { force: true })
  return aside
}

function databasePath(dir: string): string {
  return join(dir, 'usage.db')
}
