import type { Ambient } from '../node/ambient.ts'
import type { Logger } from '../node/log.ts'
import { EndWarner } from '../node/pki/end-warner.ts'
import { fileTimes } from '../node/tunnel/file-times.ts'
import { TlsFiles } from '../node/tunnel/tls-files.ts'
import { dayOf, SERVER_END, type TlsMaterial, type TlsSources } from '../node/tunnel/tls-material.ts'
import { toAppError } from '../shared/errors/app-error.ts'
import { DAY_MS } from '../shared/util/days.ts'
import { type AllowList, parseAllowList } from './allow.ts'

/** Of the revocation list, which is made anew more often than certificates are. */
const LIST_WARN_MS = 3 * DAY_MS
const LOOK_MS = 2_000

/** Everything that decides who is let in and what the server shows of itself. */
export interface Trust {
  readonly tls: TlsMaterial
  readonly allow: AllowList
}

export interface TlsKeeperOptions {
  readonly sources: TlsSources
  /** The rules, read anew each time. */
  readonly readAllow: () => Promise<readonly string[]>
  /** Files besides the certificates after whose change everything is read again. */
  readonly alsoWatch?: readonly string[]
  readonly ambient: Pick<Ambient, 'now'>
  readonly log: Logger
  readonly lookMs?: number
}

/**
 * Keeps certificate, revocation list and rules in step with their files. What cannot be used is named in the log, and
 * the old stays. Owns its timer.
 */
export class TlsKeeper {
  private readonly options: TlsKeeperOptions
  private readonly files: TlsFiles
  private readonly timer: NodeJS.Timeout
  private current: Trust
  private listener: (trust: Trust) => void = () => undefined
  private seen: string
  private turn: Promise<void> = Promise.resolve()
  private readonly endWarner: EndWarner
  private warnedOn = Number.NaN
  private isClosed = false

  /** @throws AppError `certs.*`, `tunnel.config-invalid` */
  static async open(options: TlsKeeperOptions): Promise<TlsKeeper> {
    const { ambient, readAllow, sources } = options
    const seen = await timesOf(options)
    const files = new TlsFiles(SERVER_END)
    const tls = await files.read(sources, ambient.now(), () => undefined)
    return new TlsKeeper(options, files, { tls, allow: parseAllowList(await readAllow()) }, seen)
  }

  private constructor(options: TlsKeeperOptions, files: TlsFiles, current: Trust, seen: string) {
    this.options = options
    this.files = files
    this.current = current
    this.seen = seen
    this.endWarner = new EndWarner({ log: options.log, what: 'the certificate of the server' })
    this.timer = setInterval(() => void this.look(), options.lookMs ?? LOOK_MS)
    this.timer.unref()
    this.warnAhead()
  }

  get trust(): Trust {
    return this.current
  }

  onChange(listener: (trust: Trust) => void): void {
    this.listener = listener
  }

  /** Reads everything again; never rejects. */
  renew(): Promise<void> {
    this.turn = this.turn.then(() => this.readAgain())
    return this.turn
  }

  /** Idempotent. */
  close(): void {
    this.isClosed = true
    clearInterval(this.timer)
  }

  private async look(): Promise<void> {
    this.warnAhead()
    const times = await timesOf(this.options)
    if (times === this.seen || this.isClosed) return
    this.seen = times
    await this.renew()
  }

  /** Part by part: what cannot be used leaves its old part in place, and the others count nevertheless. */
  private async readAgain(): Promise<void> {
    const { ambient, log, readAllow, sources } = this.options
    let isWhole = true
    const unusable = (error: unknown): void => {
      const { message, remedy } = toAppError(error)
      isWhole = false
      if (!this.isClosed) log.error({ remedy }, `what is new cannot be used, the old stays: ${message}`)
    }
    const before = this.current
    const tls = await this.files.read(sources, ambient.now(), unusable).catch((error: unknown) => {
      unusable(error)
      return before.tls
    })
    const allow = await readAllow()
      .then(parseAllowList)
      .catch((error: unknown) => {
        unusable(error)
        return before.allow
      })
    if (this.isClosed) return
    this.current = { tls, allow }
    this.warnedOn = Number.NaN
    if (isWhole) log.info({ expires: dayOf(tls.expiresAt) }, 'certificates and rules were read again')
    this.listener(this.current)
    this.warnAhead()
  }

  /** Once a day. */
  private warnAhead(): void {
    const { ambient, log } = this.options
    const now = ambient.now()
    const { expiresAt, listExpiresAt } = this.current.tls
    this.endWarner.look(expiresAt, now)
    const today = Math.floor(now / DAY_MS)
    if (this.warnedOn === today) return
    this.warnedOn = today
    if (listExpiresAt <= now)
      log.error(
        'a revocation list is past its end: no agent of its authority is let in until there is a new one',
      )
    else if (listExpiresAt <= now + LIST_WARN_MS)
      log.warn({ expires: dayOf(listExpiresAt) }, 'a revocation list is about to end')
  }
}

function timesOf({ alsoWatch = [], sources }: TlsKeeperOptions): Promise<string> {
  const { ca, cert, crl, key } = sources
  return fileTimes([ca, cert, key, crl, ...alsoWatch])
}
