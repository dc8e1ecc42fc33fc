import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { StorageHealth } from '../../shared/protocol/usage.ts'
import { DAY_MS } from '../../shared/util/days.ts'
import {
  moveAside,
  openUsageDatabase,
  type StorageFailure,
  storageFailure,
  type UsageDatabase,
} from './database.ts'
import type { Labels, Totals } from './totals.ts'
import { type UsageRow, utcDay } from './usage-row.ts'

/** What a crash of the process can lose. */
const FLUSH_MS = 250
const RETRY_MIN_MS = 1000
const RETRY_MAX_MS = 60_000
/** Rows per transaction; a few milliseconds on a Raspberry Pi. */
const BATCH_ROWS = 250
/** Rows that wait while the disk is full or read-only; about 10 MB. */
const PENDING_MAX = 20_000
/** Commits, of some pages each, in the log before a checkpoint is made although requests are under way. */
const CHECKPOINT_COMMITS = 500

/** Covers a whole year and the month it began in. */
const KEEP_DAYS = 400

const WORDS: Record<StorageFailure, string> = {
  full: 'the disk is full',
  'read-only': 'the file or its folder cannot be written by this user',
  busy: 'another program holds the database',
  corrupt: 'the database is damaged',
  newer: 'the database was written by a newer version of Sovereign Bridge',
  unusable: 'the database cannot be used',
}

export interface StorageOptions {
  readonly dir: string
  readonly boot: string
  readonly ambient: Ambient
  readonly log: Logger
  /** Rows of requests under way that are not stored yet; asked for before each write. */
  readonly openRows: () => readonly UsageRow[]
  readonly isIdle: () => boolean
  /** The database could be opened only now: sums of earlier runs can be had from here on. */
  readonly onOpened: () => void
  /** Days after which single requests are kept as sums only; 400 by default. */
  readonly keepDays?: number | undefined
}

/**
 * Gets rows into the database without anybody waiting for it. Whatever goes wrong, rows are kept and tried again;
 * it never throws. Owns the database and one timer.
 */
export class UsageStorage {
  private readonly options: StorageOptions
  private database: UsageDatabase | undefined
  /** By sequence number: the end of a request replaces its open row that has not been written yet. */
  private readonly pending = new Map<number, UsageRow>()
  private readonly notes = new Map<string, string>()
  private timer: NodeJS.Timeout | undefined
  private retryMs = 0
  private sinceCheckpoint = 0
  private dropped = 0
  private failure: StorageFailure | undefined
  private movedAside: string | undefined
  private lostAtStart = 0
  /** Day on which nothing was left to turn into sums. */
  private tidiedOn: string | undefined
  private closed = false

  constructor(options: StorageOptions) {
    this.options = options
  }

  /** Opens the database, or begins to try. */
  open(): void {
    this.tryOpen()
    if (this.database === undefined) this.arm(this.nextRetry())
    else this.wake()
  }

  health(): StorageHealth {
    const state = this.database === undefined ? 'memory' : this.failure === undefined ? 'ok' : 'behind'
    return { state, notice: this.notice(), unsaved: this.pending.size, dropped: this.dropped }
  }

  save(row: UsageRow): void {
    this.pending.set(row.seq, row)
    if (this.pending.size > PENDING_MAX) {
      for (const oldest of this.pending.keys()) {
        this.pending.delete(oldest)
        this.dropped += 1
        break
      }
    }
    this.wake()
  }

  saveNote(key: string, value: string): void {
    this.notes.set(key, value)
    this.wake()
  }

  /** Something will be there to write soon. */
  wake(): void {
    this.arm(FLUSH_MS)
  }

  readNote(key: string): string | undefined {
    return this.attempt((database) => database.readNote(key))
  }

  /** The newest requests of earlier runs, the oldest of them first. */
  readRecent(limit: number): UsageRow[] {
    return this.attempt((database) => database.readRecent(limit, this.options.boot)) ?? []
  }

  /** Sums of earlier runs; undefined where they cannot be read at the moment. */
  readMonth(month: string): [Labels, Totals][] | undefined {
    return this.attempt((database) => [...database.readMonth(month, this.options.boot)])
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    clearTimeout(this.timer)
    while (this.pending.size > 0 || this.notes.size > 0) if (!this.writeBatch()) break
    if (this.pending.size > 0) {
      this.options.log.error({ unsaved: this.pending.size }, 'usage could not be saved before the end')
    }
    this.checkpoint()
    this.database?.close()
    this.database = undefined
  }

  private flush(): void {
    for (const row of this.options.openRows()) this.pending.set(row.seq, row)
    if (!this.writeBatch()) {
      this.arm(this.nextRetry())
    } else if (this.pending.size > 0) {
      this.arm(0)
    } else if (this.tidy()) {
      this.arm(FLUSH_MS)
    } else if (this.sinceCheckpoint > 0) {
      if (this.options.isIdle() || this.sinceCheckpoint > CHECKPOINT_COMMITS) this.checkpoint()
      else this.arm(FLUSH_MS * 4)
    }
  }

  /** Turns one old day into sums, while nobody waits for anything. @returns whether there may be more. */
  private tidy(): boolean {
    const { ambient, boot, isIdle, keepDays = KEEP_DAYS } = this.options
    const now = ambient.now()
    if (this.tidiedOn === utcDay(now) || !isIdle()) return false
    const before = utcDay(now - keepDays * DAY_MS)
    const day = this.attempt((database) => database.rollUpDayBefore(before, boot))
    if (day === undefined) {
      this.tidiedOn = utcDay(now)
      return false
    }
    this.sinceCheckpoint += 1
    this.options.log.info({ day, keepDays }, 'single requests of an old day are kept as sums from now on')
    return true
  }

  private writeBatch(): boolean {
    if (this.database === undefined) this.tryOpen()
    if (this.database === undefined) return false
    const rows: UsageRow[] = []
    for (const row of this.pending.values()) {
      rows.push(row)
      if (rows.length === BATCH_ROWS) break
    }
    if (rows.length === 0 && this.notes.size === 0) return true
    try {
      this.database.write(rows, this.notes)
    } catch (error) {
      this.fail(error)
      // The log may be what fills the disk; emptying it into the file can make room.
      if (this.failure === 'full') this.checkpoint()
      return false
    }
    // Nothing can have been replaced in between: writing is synchronous.
    for (const row of rows) this.pending.delete(row.seq)
    this.notes.clear()
    this.sinceCheckpoint += 1
    if (this.failure !== undefined) this.options.log.info('usage is being saved again')
    this.failure = undefined
    this.retryMs = 0
    return true
  }

  private checkpoint(): void {
    this.sinceCheckpoint = 0
    try {
      this.database?.checkpoint()
    } catch (error) {
      // Nothing is lost: rows stay in the log, and the next checkpoint takes them along.
      this.options.log.warn({ err: error }, 'the log of the usage database could not be emptied')
    }
  }

  private tryOpen(): void {
    try {
      this.database = openUsageDatabase(this.options.dir)
    } catch (error) {
      this.fail(error)
      // One second try, with the damaged file out of the way.
      if (this.failure !== 'corrupt' || !this.makeRoom()) return
      try {
        this.database = openUsageDatabase(this.options.dir)
      } catch (again) {
        this.fail(again)
        return
      }
    }
    this.failure = undefined
    this.lostAtStart += this.attempt((database) => database.markLost()) ?? 0
    this.options.onOpened()
  }

  private makeRoom(): boolean {
    try {
      this.movedAside = moveAside(this.options.dir, this.options.ambient.now())
      return true
    } catch (error) {
      this.options.log.error({ err: error }, 'damaged usage database cannot be moved aside')
      return false
    }
  }

  private fail(error: unknown): void {
    const failure = storageFailure(error)
    if (failure !== this.failure) {
      this.options.log.error({ err: error }, `usage cannot be saved: ${WORDS[failure]}`)
    }
    this.failure = failure
    // A damaged file does not mend itself: the next try starts a new one.
    if (failure === 'corrupt') {
      this.database?.close()
      this.database = undefined
    }
  }

  private attempt<T>(work: (database: UsageDatabase) => T): T | undefined {
    if (this.database === undefined) return undefined
    try {
      return work(this.database)
    } catch (error) {
      this.fail(error)
      return undefined
    }
  }

  private arm(delayMs: number): void {
    // While writing fails, only the retry timer runs: new rows must not turn it into a busy loop.
    if (this.closed || this.timer !== undefined) return
    this.timer = setTimeout(() => {
      this.timer = undefined
      this.flush()
    }, delayMs)
    this.timer.unref()
  }

  private nextRetry(): number {
    this.retryMs = Math.min(RETRY_MAX_MS, Math.max(RETRY_MIN_MS, this.retryMs * 2))
    return this.retryMs
  }

  private notice(): string | null {
    const parts: string[] = []
    if (this.failure !== undefined) {
      const kept = this.database === undefined ? 'Usage is kept in memory only' : 'Usage waits in memory'
      parts.push(`${kept}: ${WORDS[this.failure]} (${this.options.dir}). It is tried again by itself.`)
    }
    if (this.dropped > 0)
      parts.push(`${this.dropped} requests were too many to wait and will be gone after a restart.`)
    if (this.movedAside !== undefined) {
      parts.push(`The usage database was damaged. It is kept as ${this.movedAside}, and a new one was begun.`)
    }
    if (this.lostAtStart > 0) {
      parts.push(`${this.lostAtStart} requests were under way when the relay last stopped unexpectedly.`)
    }
    return parts.length === 0 ? null : parts.join(' ')
  }
}
