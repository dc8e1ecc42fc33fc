import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../../node/log.ts'
import { AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { ListedModel, ModelList, Upstream } from '../upstream.ts'
import type { Routing } from './routing.ts'

/** One upstream that does not answer must not keep the lists of the others back for longer. */
const WAIT_MS = 3_000
/** Nor again and again, once it has shown that it does not. */
const NEXT_WAIT_MS = 200

/** The models of all upstreams that can be asked, by the names under which clients call them. */
export class ModelDirectory {
  private readonly routing: Routing
  private readonly log: Logger
  /** Those that were too late when they were asked last. */
  private readonly late = new WeakSet<Upstream>()

  constructor(routing: Routing, log: Logger) {
    this.routing = routing
    this.log = log
  }

  /** @throws AppError when no upstream at all has a list. */
  async list(): Promise<object> {
    const ready = this.routing.all().filter(({ problem }) => problem === undefined)
    const lists = await Promise.all(ready.map((upstream) => this.listOf(upstream, ready.length > 1)))
    const found = lists.flatMap((list) => ('error' in list ? [] : [list]))
    const [failed] = lists.flatMap((list) => ('error' in list ? [list.error] : []))
    if (found.length === 0) throw failed ?? this.routing.default.problem ?? nothingReady()
    const data = found.flatMap(({ models }) => models)
    return {
      object: 'list',
      data,
      has_more: false,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      age_seconds: Math.round(Math.max(...found.map(({ ageMs }) => ageMs)) / 1000),
    }
  }

  /** @throws AppError `relay.not-found` */
  async find(name: string): Promise<ListedModel> {
    const { upstream, model } = this.routing.resolve(name)
    const { problem } = upstream
    if (problem !== undefined) throw problem
    const { models } = await upstream.models()
    const found = models.find(({ id }) => id === model)
    if (found !== undefined) return { ...found, id: name }
    throw new AppError('relay.not-found', `${upstream.name} has no model "${model.slice(0, 80)}".`)
  }

  /** One list with the names that clients use, or none where it does not come in time. @throws AppError */
  async modelsInTime(upstream: Upstream): Promise<ModelList> {
    const list = await this.inTime(this.modelsOf(upstream), upstream)
    this.late.delete(upstream)
    return list
  }

  private async modelsOf(upstream: Upstream): Promise<ModelList> {
    const { models, ageMs } = await upstream.models()
    const named = models.map((model) => ({
      ...model,
      id: this.routing.nameOf({ upstream, model: model.id }),
    }))
    return { models: named, ageMs }
  }

  private async listOf(upstream: Upstream, isHurried: boolean): Promise<ModelList | { error: AppError }> {
    try {
      return await (isHurried ? this.modelsInTime(upstream) : this.modelsOf(upstream))
    } catch (error) {
      const known = toAppError(error)
      if (known.code === 'internal.bug') throw error
      this.log.info({ upstream: upstream.id, code: known.code }, 'a model list is left out')
      return { error: known }
    }
  }

  /** What comes too late is there for the next one who asks. */
  private async inTime(list: Promise<ModelList>, upstream: Upstream): Promise<ModelList> {
    const over = new AbortController()
    const waitMs = this.late.has(upstream) ? NEXT_WAIT_MS : WAIT_MS
    const late = delay(waitMs, undefined, { signal: over.signal }).then(() => {
      this.late.add(upstream)
      throw new AppError('relay.upstream-timeout', `${upstream.name} gives no model list in time.`)
    })
    try {
      return await Promise.race([list, late])
    } finally {
      late.catch(() => undefined)
      list.catch(() => undefined)
      over.abort()
    }
  }
}

function nothingReady(): AppError {
  return new AppError('relay.signed-out', 'The relay has no upstream that can be asked.')
}
