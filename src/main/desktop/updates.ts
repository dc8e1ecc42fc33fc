import { AppError } from '../../shared/errors/app-error.ts'
import type { UpdateState } from '../../shared/state/desktop.ts'
import { words } from './words/words.ts'

/** What fetches and installs new versions. */
export interface Updater {
  /** @returns the newer version; undefined when there is none. */
  check(): Promise<string | undefined>
  /** @param onShare told how much has come, from 0 to 1. */
  download(onShare: (share: number) => void): Promise<void>
  /** Ends the program and starts the new version. */
  restart(): void
}

export interface UpdatesOptions {
  /** In words, why this installation cannot update itself. */
  readonly unsupported: string | undefined
  /** Loaded when somebody asks for an update, and not before. */
  readonly loadUpdater: () => Promise<Updater>
  readonly now: () => number
  readonly onChange: (state: UpdateState) => void
  /** In words, what an install would cut off right now. */
  readonly underWay: () => string | undefined
  /** Closes everything in order, so that the program may end. */
  readonly drain: () => Promise<void>
}

/** A share of the download that is worth telling. */
const SHARE_STEP = 0.01

/**
 * Every step is taken because somebody asked for it: looking, fetching, installing.
 *
 *   none ──check──▶ available ──install──▶ downloading ──▶ ready ──install──▶ (new version)
 *     └──────────────┴───────────▶ failed ◀──────┘
 */
export class Updates {
  private readonly options: UpdatesOptions
  private current: UpdateState
  private updater: Updater | undefined

  constructor(options: UpdatesOptions) {
    this.options = options
    this.current =
      options.unsupported === undefined
        ? { kind: 'none', checkedAt: undefined }
        : { kind: 'unsupported', reason: options.unsupported }
  }

  get state(): UpdateState {
    return this.current
  }

  /** The outcome is the state, also when it is a failure. */
  async check(): Promise<void> {
    const { kind } = this.current
    if (kind === 'unsupported') throw new AppError('desktop.no-updates', this.current.reason)
    if (kind === 'downloading' || kind === 'ready') return
    await this.failing(async (updater) => {
      const version = await updater.check()
      this.set(
        version === undefined
          ? { kind: 'none', checkedAt: this.options.now() }
          : { kind: 'available', version },
      )
    })
  }

  /** Fetches what is available; restarts into what has been fetched. */
  async install(): Promise<void> {
    const { current } = this
    if (current.kind === 'available') await this.download(current.version)
    else if (current.kind === 'ready') await this.restart()
    else if (current.kind !== 'downloading')
      throw new AppError('desktop.no-updates', words.updates.nothingToInstall)
  }

  private async download(version: string): Promise<void> {
    this.set({ kind: 'downloading', version, share: 0 })
    await this.failing(async (updater) => {
      let told = 0
      await updater.download((share) => {
        if (share - told < SHARE_STEP) return
        told = share
        this.set({ kind: 'downloading', version, share })
      })
      this.set({ kind: 'ready', version })
    })
  }

  private async restart(): Promise<void> {
    const { underWay, drain } = this.options
    const busy = underWay()
    if (busy !== undefined) throw new AppError('desktop.in-use', words.updates.waits(busy))
    const updater = await this.loaded()
    await drain()
    updater.restart()
  }

  private async failing(step: (updater: Updater) => Promise<void>): Promise<void> {
    try {
      await step(await this.loaded())
    } catch (error) {
      const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
      this.set({ kind: 'failed', reason, at: this.options.now() })
    }
  }

  private async loaded(): Promise<Updater> {
    this.updater ??= await this.options.loadUpdater()
    return this.updater
  }

  private set(state: UpdateState): void {
    this.current = state
    this.options.onChange(state)
  }
}
