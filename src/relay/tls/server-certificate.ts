import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { EndWarner } from '../../node/pki/end-warner.ts'
import { AppError, toAppError } from '../../shared/errors/app-error.ts'
import type { TlsFiles } from '../config/tls-settings.ts'
import { type ReadCertificate, readCertificate } from './read-certificate.ts'

/** Certificate and key are two files: whoever renews them needs a moment for both. */
const SETTLE_MS = 500
/** Where the file system tells nothing, a network drive for example. */
const LOOK_MS = 60_000

export interface ServerCertificateOptions {
  readonly files: TlsFiles
  readonly ambient: Pick<Ambient, 'now'>
  readonly log: Logger
  readonly settleMs?: number
  readonly lookMs?: number
}

/**
 * The certificate that the relay shows, kept in step with its files while the relay runs. A new one that cannot be
 * used is named in the log and leaves the old one in place. Owns the watchers of the files and the timers.
 */
export class ServerCertificate {
  private readonly options: ServerCertificateOptions
  private readonly listeners = new Set<(context: SecureContextOptions) => void>()
  private readonly watchers: FSWatcher[]
  private readonly lookTimer: NodeJS.Timeout
  private settleTimer: NodeJS.Timeout | undefined
  private current: ReadCertificate
  private problem = ''
  private readonly endWarner: EndWarner
  private turn: Promise<void> = Promise.resolve()
  private isClosed = false

  /** @throws AppError `relay.tls-unusable` */
  static async open(options: ServerCertificateOptions): Promise<ServerCertificate> {
    return new ServerCertificate(options, await readCertificate(options.files))
  }

  private constructor(options: ServerCertificateOptions, current: ReadCertificate) {
    this.options = options
    this.current = current
    const facts = { path: options.files.cert }
    this.endWarner = new EndWarner({ log: options.log, what: 'the TLS certificate', facts })
    const { cert, key, clientCa = cert } = options.files
    // The folders, because a renewed file is another file under the old name, often behind a symbolic link.
    this.watchers = [...new Set([cert, key, clientCa].map((path) => dirname(path)))].map((folder) =>
      this.watchFolder(folder),
    )
    this.lookTimer = setInterval(() => void this.renew(), options.lookMs ?? LOOK_MS)
    this.lookTimer.unref()
    this.warnAhead()
  }

  get context(): SecureContextOptions {
    return this.current.context
  }

  /** Milliseconds since the Unix epoch. */
  get expiresAt(): number {
    return this.current.expiresAt
  }

  get asksClients(): boolean {
    return this.options.files.clientCa !== undefined
  }

  /** Whether it stands for this host name. */
  names(host: string): boolean {
    return this.current.certificate.checkHost(host) !== undefined
  }

  onRenewed(listener: (context: SecureContextOptions) => void): void {
    this.listeners.add(listener)
  }

  /** Reads the files again; never rejects. */
  renew(): Promise<void> {
    this.turn = this.turn.then(() => this.readAgain())
    return this.turn
  }

  /** Idempotent. */
  close(): void {
    this.isClosed = true
    clearInterval(this.lookTimer)
    clearTimeout(this.settleTimer)
    for (const watcher of this.watchers) watcher.close()
    this.listeners.clear()
  }

  private watchFolder(folder: string): FSWatcher {
    const watcher = watch(folder, { persistent: false }, () => {
      clearTimeout(this.settleTimer)
      this.settleTimer = setTimeout(() => void this.renew(), this.options.settleMs ?? SETTLE_MS)
      this.settleTimer.unref()
    })
    // A folder that goes away takes its watcher with it; the regular look goes on.
    watcher.on('error', () => watcher.close())
    return watcher
  }

  private async readAgain(): Promise<void> {
    const { files, log } = this.options
    try {
      const next = await readCertificate(files)
      if (this.isClosed) return
      this.problem = ''
      if (isSame(next.context, this.current.context)) {
        this.warnAhead()
        return
      }
      this.refuseWorse(next)
      for (const listener of this.listeners) listener(next.context)
      this.current = next
      log.info({ expires: dayOf(next.expiresAt) }, 'the TLS certificate was renewed')
      this.warnAhead()
    } catch (error) {
      const { message, remedy } = toAppError(error)
      if (this.isClosed || this.problem === message) return
      this.problem = message
      log.warn({ remedy }, `the new TLS certificate cannot be used, the old one stays: ${message}`)
    }
  }

  private refuseWorse(next: ReadCertificate): void {
    const now = this.options.ambient.now()
    if (next.expiresAt > now || this.expiresAt <= now) return
    throw new AppError('relay.tls-unusable', `It has expired on ${dayOf(next.expiresAt)} already.`)
  }

  private warnAhead(): void {
    this.endWarner.look(this.expiresAt, this.options.ambient.now())
  }
}

function isSame(left: SecureContextOptions, right: SecureContextOptions): boolean {
  return (['cert', 'key', 'ca'] as const).every((part) => String(left[part]) === String(right[part]))
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
