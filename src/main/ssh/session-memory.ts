import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Ambient } from '../../node/ambient.ts'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import type { Logger } from '../../node/log.ts'
import type { RemoteProcess } from './remote-inspection.ts'

/** What one link has on its host, and leaves there when this process is killed. */
export interface SessionRecord {
  /** The host as people call it. */
  readonly place: string
  /** Server processes that may still run; none where the account has no shell to ask. */
  readonly sessions: readonly RemoteProcess[]
  /** `127.0.0.1:8080` or a path: where these sessions listen for us. */
  readonly addresses: readonly string[]
}

/** Remembers from one run of the bridge to the next whose sessions may still hold an address. */
export interface SessionMemory {
  /** What an earlier run left on a host. Never rejects. */
  left(place: string): Promise<readonly SessionRecord[]>
  /** Takes the place of what this owner noted before. */
  note(owner: object, record: SessionRecord): void
  forget(owner: object): void
}

/** By default TCP gives a dead peer up after 2 h 11 min (tcp(7), tcp_keepalive_time), and sshd with it. */
const LEFT_FOR_MS = 3 * 60 * 60 * 1000

const fileSchema = z.object({
  version: z.literal(1),
  records: z.array(
    z.object({
      place: z.string(),
      sessions: z.array(z.object({ pid: z.int().min(2), startedAt: z.string().min(1) })),
      addresses: z.array(z.string()),
      /** Milliseconds since the Unix epoch: when a later run found it. */
      foundAt: z.number().optional(),
    }),
  ),
})

type StoredRecord = SessionRecord & { readonly foundAt: number }

/**
 * Keeps the records in one private file. It has to lie where only one bridge runs at a time: what another run has
 * left is taken for dead.
 */
export class SessionFile implements SessionMemory {
  private readonly path: string
  private readonly ambient: Ambient
  private readonly log: Logger
  private readonly own = new Map<object, SessionRecord>()
  /** Addresses that this run has got: nobody of an earlier one has them any more. */
  private readonly regained = new Set<string>()
  private loading: Promise<readonly StoredRecord[]> | undefined
  /** The write under way, and whether it is out of date already. */
  private writing: Promise<void> | undefined
  private isStale = false

  constructor(path: string, { ambient, log }: { readonly ambient: Ambient; readonly log: Logger }) {
    this.path = path
    this.ambient = ambient
    this.log = log
  }

  async left(place: string): Promise<readonly SessionRecord[]> {
    return (await this.leftBehind()).filter((record) => record.place === place)
  }

  note(owner: object, record: SessionRecord): void {
    this.own.set(owner, record)
    for (const address of record.addresses) this.regained.add(keyOf(record, address))
    this.save()
  }

  forget(owner: object): void {
    if (this.own.delete(owner)) this.save()
  }

  /** Resolves when everything noted so far stands in the file, or could not be written. */
  async saved(): Promise<void> {
    while (this.writing !== undefined) await this.writing
  }

  private async leftBehind(): Promise<readonly StoredRecord[]> {
    this.loading ??= this.load()
    const records = await this.loading
    const oldest = this.ambient.now() - LEFT_FOR_MS
    return records.filter(
      (record) =>
        record.foundAt >= oldest &&
        !record.addresses.some((address) => this.regained.has(keyOf(record, address))),
    )
  }

  private async load(): Promise<readonly StoredRecord[]> {
    try {
      const { records } = fileSchema.parse(JSON.parse(await readFile(this.path, 'utf8')))
      return records.map(({ foundAt = this.ambient.now(), ...record }) => ({ ...record, foundAt }))
    } catch (error) {
      // Nothing was left, or it cannot be read any more: then an old session is waited for like any other program.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.log.warn({ path: this.path, err: error }, 'What an earlier run left on its hosts cannot be read')
      return []
    }
  }

  private save(): void {
    this.isStale = true
    this.writing ??= this.write().finally(() => {
      this.writing = undefined
    })
  }

  private async write(): Promise<void> {
    while (this.isStale) {
      const old = await this.leftBehind()
      this.isStale = false
      const records = [...old, ...this.own.values()]
      try {
        await writeFileAtomic(this.path, JSON.stringify({ version: 1, records }))
      } catch (error) {
        this.log.warn({ path: this.path, err: error }, 'Sessions cannot be remembered for the next run')
      }
    }
  }
}

function keyOf({ place }: SessionRecord, address: string): string {
  return `${place} ${address}`
}
