import { AppError } from '../../../shared/errors/app-error.ts'
import type { RoutingSettings } from '../../config/relay-settings.ts'
import type { Upstream } from '../upstream.ts'
import { isText, type Wire } from '../wires.ts'

/** One way to answer a request. */
export interface Candidate {
  readonly upstream: Upstream
  /** As the upstream knows it. */
  readonly model: string
}

/** Decides which upstream a model belongs to and who may stand in for it. Asks nobody. */
export class Routing {
  private readonly settings: RoutingSettings
  private readonly list: () => readonly Upstream[]

  /** @param list all upstreams, ready or not; may change while the relay runs. */
  constructor(settings: RoutingSettings, list: () => readonly Upstream[]) {
    this.settings = settings
    this.list = list
  }

  all(): readonly Upstream[] {
    return this.list()
  }

  /** Upstream of models without a prefix. @throws AppError `relay.config-invalid` when there is none of that name. */
  get default(): Upstream {
    const { defaultUpstream } = this.settings
    const found = this.find(defaultUpstream)
    if (found !== undefined) return found
    const known = this.list().map(({ id }) => id)
    throw new AppError(
      'relay.config-invalid',
      `routing.default names no upstream: "${defaultUpstream}"; known: ${known.join(', ')}.`,
    )
  }

  /** @throws AppError `relay.config-invalid` */
  checkDefault(): void {
    void this.default
  }

  /** Fallbacks that lead nowhere: their upstream is unknown. */
  strayFallbacks(): readonly string[] {
    return Object.values(this.settings.fallbacks)
      .flat()
      .filter((name) => this.fallback(name) === undefined)
  }

  /** `UPSTREAM/MODEL` with an upstream that is known; whatever else is a model of the default one. */
  resolve(name: string): Candidate {
    return this.prefixed(name) ?? { upstream: this.default, model: name }
  }

  /** The shortest name under which clients call a model, which leads back to exactly this one. */
  nameOf(candidate: Candidate): string {
    const { model } = candidate
    // "openrouter/auto" is a model of OpenRouter's too, and many servers have "qwen/…" beside a provider "qwen".
    return isSame(this.resolve(model), candidate) ? model : fullName(candidate)
  }

  /** Others that may answer in place of the first, in order: those that can be asked on this wire. */
  fallbacksOf(first: Candidate, wire: Wire): readonly Candidate[] {
    // A request that names no model cannot be told apart from one that was never meant for anybody else.
    if (first.model === '') return []
    const names = [first.model, fullName(first)]
    const { fallbacks } = this.settings
    const own = Object.entries(fallbacks).find(
      ([key]) => key !== '*' && names.includes(key) && isSame(this.resolve(key), first),
    )?.[1]
    // Vectors of another model fit to nothing that was stored before.
    const others = own ?? (isText(wire) ? fallbacks['*'] : undefined) ?? []
    const found = others.flatMap((name) => this.fallback(name) ?? [])
    return found.filter(
      (candidate, index) =>
        !isSame(candidate, first) &&
        found.findIndex((other) => isSame(other, candidate)) === index &&
        candidate.upstream.problem === undefined &&
        candidate.upstream.wiresOf(candidate.model).includes(wire),
    )
  }

  private find(id: string): Upstream | undefined {
    return this.list().find((upstream) => upstream.id === id)
  }

  private prefixed(name: string): Candidate | undefined {
    const slash = name.indexOf('/')
    const upstream = slash === -1 ? undefined : this.find(name.slice(0, slash))
    return upstream && { upstream, model: name.slice(slash + 1) }
  }

  /** A slash without a known upstream before it is a misspelt upstream here, not a model. */
  private fallback(name: string): Candidate | undefined {
    return name.includes('/') ? this.prefixed(name) : { upstream: this.default, model: name }
  }
}

/** With its upstream, whichever that is. */
export function fullName({ upstream, model }: Candidate): string {
  return `${upstream.id}/${model}`
}

function isSame(left: Candidate, right: Candidate): boolean {
  return left.upstream.id === right.upstream.id && left.model === right.model
}
