import type { Ambient } from '../../node/ambient.ts'
import { type AppError, toAppError } from '../../shared/errors/app-error.ts'
import type { ListedModel, ModelList } from './upstream.ts'

/** So soon after a failure nobody is asked again: a host that is switched off would hold up every list. */
const FAILURE_MS = 10_000

/** A model list that is asked for once while it is fresh, by one request at a time. */
export class ModelCache {
  private readonly load: () => Promise<readonly ListedModel[]>
  private readonly ambient: Ambient
  private readonly freshMs: number
  private held: { readonly models: readonly ListedModel[]; readonly atMs: number } | undefined
  private failure: { readonly error: AppError; readonly atMs: number } | undefined
  private loading: Promise<ModelList> | undefined

  constructor(load: () => Promise<readonly ListedModel[]>, ambient: Ambient, freshMs: number) {
    this.load = load
    this.ambient = ambient
    this.freshMs = freshMs
  }

  /** @throws AppError of the last attempt, which may be some seconds old. */
  async get(): Promise<ModelList> {
    const now = this.ambient.monotonicMs()
    const { held, failure } = this
    if (held !== undefined && now - held.atMs < this.freshMs)
      return { models: held.models, ageMs: now - held.atMs }
    if (failure !== undefined && now - failure.atMs < FAILURE_MS) throw failure.error
    return await this.renew()
  }

  /** Asks in any case. @throws AppError */
  renew(): Promise<ModelList> {
    this.loading ??= this.start().finally(() => {
      this.loading = undefined
    })
    return this.loading
  }

  private async start(): Promise<ModelList> {
    try {
      const models = await this.load()
      this.held = { models, atMs: this.ambient.monotonicMs() }
      this.failure = undefined
      return { models, ageMs: 0 }
    } catch (error) {
      this.held = undefined
      this.failure = { error: toAppError(error), atMs: this.ambient.monotonicMs() }
      throw error
    }
  }
}
