import type { DatabaseSync } from 'node:sqlite'
import { EXPRESSIONS, IS_REAL, SUM_NAMES } from './sums-sql.ts'

/** Sums of days whose single requests are no longer kept; see `keep_days` in config.json. */
export const DAYS_TABLE = `CREATE TABLE days (
     day TEXT NOT NULL, upstream TEXT NOT NULL, model TEXT NOT NULL, client TEXT NOT NULL, real INTEGER NOT NULL,
     last_at INTEGER NOT NULL,
     requests INTEGER NOT NULL, completed INTEGER NOT NULL, failed INTEGER NOT NULL, cancelled INTEGER NOT NULL,
     truncated INTEGER NOT NULL, lost INTEGER NOT NULL,
     tokensUnknown INTEGER NOT NULL, input INTEGER NOT NULL, cachedInput INTEGER NOT NULL,
     cacheWrite INTEGER NOT NULL, output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
     premiumLive INTEGER NOT NULL, premiumAnnual INTEGER NOT NULL, premiumSeed INTEGER NOT NULL,
     premiumUnknown INTEGER NOT NULL, creditsUnknown INTEGER NOT NULL, costUnknown INTEGER NOT NULL,
     premiumMicro INTEGER NOT NULL, creditsReportedNano INTEGER NOT NULL, creditsEstimatedNano INTEGER NOT NULL,
     costPico INTEGER NOT NULL,
     PRIMARY KEY (day, upstream, model, client, real)
   ) STRICT, WITHOUT ROWID;`

const OLD = "boot <> ? AND outcome <> 'open'"

/** A clock that was set back can bring requests of a day that is in sums already: they are added. */
const ROLL_UP = `INSERT INTO days (day, upstream, model, client, real, last_at, ${SUM_NAMES.join(', ')})
   SELECT day, upstream, model, client, ${IS_REAL} AS real, max(at), ${SUM_NAMES.map((name) => EXPRESSIONS[name]).join(', ')}
     FROM requests WHERE day = ? AND ${OLD}
    GROUP BY upstream, model, client, real
   ON CONFLICT (day, upstream, model, client, real) DO UPDATE SET
     last_at = max(last_at, excluded.last_at),
     ${SUM_NAMES.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`

/** One day in one transaction: whole, or as before. @returns the day; undefined when there is none. */
export function rollUpOldestDay(
  database: DatabaseSync,
  before: string,
  exceptBoot: string,
): string | undefined {
  const oldest = database
    .prepare(`SELECT min(day) AS day FROM requests WHERE day < ? AND ${OLD}`)
    .get(before, exceptBoot)?.day
  if (typeof oldest !== 'string') return undefined
  database.exec('BEGIN IMMEDIATE')
  try {
    database.prepare(ROLL_UP).run(oldest, exceptBoot)
    database.prepare(`DELETE FROM requests WHERE day = ? AND ${OLD}`).run(oldest, exceptBoot)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
  return oldest
}
