import { z } from 'zod'
import type { Ambient } from '../../../node/ambient.ts'
import { isCloudName } from '../../../shared/protocol/ollama-api.ts'
import { type OllamaClient, readReply } from './ollama-client.ts'
import { withTag } from './ollama-names.ts'
import { modelMissing } from './ollama-refusal.ts'

const text = z.string().optional().catch(undefined)
const count = z.number().nonnegative().optional().catch(undefined)
const names = z.array(z.string()).optional().catch(undefined)

/** An entry of `/api/tags`; what we do not read stays in it. */
const entrySchema = z.looseObject({
  name: z.string().min(1).max(350),
  modified_at: text,
  size: count,
  digest: text,
  remote_host: text,
  remote_model: text,
  details: z.looseObject({ parameter_size: text, quantization_level: text }).optional().catch(undefined),
  capabilities: names,
})
const loadedSchema = z.looseObject({
  name: z.string(),
  size_vram: count,
  context_length: count,
  expires_at: text,
})
const showSchema = z.looseObject({
  remote_host: text,
  remote_model: text,
  parameters: text,
  capabilities: names,
  model_info: z.record(z.string(), z.unknown()).optional().catch(undefined),
})
export const tagsSchema = z.looseObject({ models: z.array(z.unknown()).nullish() })

export type OllamaEntry = z.infer<typeof entrySchema>
export type LoadedEntry = z.infer<typeof loadedSchema>
export type ShownModel = z.infer<typeof showSchema>

/** Short, because the owner of the server loads and removes models while working. */
const FRESH_MS = 15_000
/** Names come from clients. */
const SHOWN_MAX = 1000

interface Kept<T> {
  readonly atMs: number
  readonly value: Promise<T>
}

/** What an Ollama has, asked for as seldom as possible. */
export class OllamaInventory {
  private readonly client: OllamaClient
  private readonly ambient: Ambient
  private keptTags: Kept<readonly OllamaEntry[]> | undefined
  private readonly shown = new Map<string, Kept<ShownModel | undefined>>()

  constructor(client: OllamaClient, ambient: Ambient) {
    this.client = client
    this.ambient = ambient
  }

  /** Somebody has changed what is installed. */
  forget(): void {
    this.keptTags = undefined
    this.shown.clear()
  }

  /** What is installed. @throws AppError */
  tags(): Promise<readonly OllamaEntry[]> {
    if (this.keptTags !== undefined && this.isFresh(this.keptTags)) return this.keptTags.value
    const value = this.client.read('GET', '/api/tags', tagsSchema).then(({ models }) => entriesOf(models))
    const kept = { atMs: this.ambient.monotonicMs(), value }
    this.keptTags = kept
    value.catch(() => {
      if (this.keptTags === kept) this.keptTags = undefined
    })
    return value
  }

  /** What is in memory. @throws AppError */
  async loaded(): Promise<readonly LoadedEntry[]> {
    const { models } = await this.client.read('GET', '/api/ps', tagsSchema)
    return (models ?? []).flatMap((entry) => loadedSchema.safeParse(entry).data ?? [])
  }

  /** What Ollama knows of one model; undefined where it has none. Never asks about one that ollama.com answers for. */
  show(name: string, digest?: string): Promise<ShownModel | undefined> {
    if (isCloudName(name)) return Promise.resolve(undefined)
    const key = `${name} ${digest ?? ''}`
    const known = this.shown.get(key)
    // A digest stands for one model for ever.
    if (known !== undefined && (digest !== undefined || this.isFresh(known))) return known.value
    const kept = { atMs: this.ambient.monotonicMs(), value: this.ask(name) }
    this.makeRoom()
    this.shown.set(key, kept)
    const drop = (): void => {
      if (this.shown.get(key) === kept) this.shown.delete(key)
    }
    kept.value.then((shown) => {
      if (shown === undefined && digest !== undefined) drop()
    }, drop)
    return kept.value
  }

  /** Whether the prompts for a model leave the server. @throws AppError `ollama.model-missing` */
  async isCloud(name: string): Promise<boolean> {
    if (isCloudName(name)) return true
    const wanted = withTag(name)
    const entry = (await this.tags()).find((each) => each.name === wanted)
    if (entry !== undefined && isRemote(entry)) return true
    // A copy under another name, or one that the list does not tell apart.
    const shown = await this.show(wanted, entry?.digest)
    if (shown === undefined) throw modelMissing(name)
    return isRemote(shown)
  }

  private async ask(name: string): Promise<ShownModel | undefined> {
    const reply = await this.client.ask('POST', '/api/show', { body: { model: name } })
    return reply.status === 404 ? undefined : readReply(reply, '/api/show', showSchema)
  }

  private isFresh({ atMs }: Kept<unknown>): boolean {
    return this.ambient.monotonicMs() - atMs < FRESH_MS
  }

  private makeRoom(): void {
    const [oldest] = this.shown.keys()
    if (this.shown.size >= SHOWN_MAX && oldest !== undefined) this.shown.delete(oldest)
  }
}

export function isRemote({
  remote_host,
  remote_model,
}: Pick<ShownModel, 'remote_host' | 'remote_model'>): boolean {
  return (remote_host ?? '') !== '' || (remote_model ?? '') !== ''
}

function entriesOf(models: readonly unknown[] | null | undefined): readonly OllamaEntry[] {
  return (models ?? []).flatMap((entry) => entrySchema.safeParse(entry).data ?? [])
}
