/** An entry of `/api/tags`, raw; only `name` has to be there. */
export type OllamaEntry = Readonly<Record<string, unknown>>

export type CloudState = 'signed-in' | 'signed-out' | 'off'

/** Which models a stand-in has, under which of the many ways to write a name. */
export class ModelStore {
  private readonly entries: OllamaEntry[]
  /** Names that have been loaded by a request, with what their keep-alive says. */
  private readonly loadedNames = new Map<string, unknown>()
  private readonly initiallyLoaded: readonly OllamaEntry[]

  constructor(entries: readonly OllamaEntry[], loaded: readonly OllamaEntry[]) {
    this.entries = [...entries]
    this.initiallyLoaded = loaded
    for (const { name } of loaded) this.loadedNames.set(String(name), undefined)
  }

  tags(hidesRemote: boolean): readonly OllamaEntry[] {
    if (!hidesRemote) return this.entries
    return this.entries.map(({ remote_host: _host, remote_model: _model, ...entry }) => entry)
  }

  /** As `/api/ps`. */
  loaded(contextLength: number): readonly OllamaEntry[] {
    return [...this.loadedNames].map(
      ([name, keepAlive]) =>
        this.initiallyLoaded.find((entry) => entry.name === name) ?? {
          ...this.find(name),
          size_vram: 6_200_000_000,
          context_length: contextLength,
          expires_at: expiryOf(keepAlive),
        },
    )
  }

  /** `model.ParseName` and `getExistingName`: host, namespace and tag have defaults, and case means nothing. */
  find(written: string): OllamaEntry | undefined {
    const wanted = canonical(written)
    return this.entries.find(({ name }) => canonical(String(name)) === wanted)
  }

  add(entry: OllamaEntry): void {
    this.remove(String(entry.name))
    this.entries.push(entry)
  }

  /** @returns false when there is none of that name. */
  remove(written: string): boolean {
    const found = this.find(written)
    if (found === undefined) return false
    this.entries.splice(this.entries.indexOf(found), 1)
    this.loadedNames.delete(String(found.name))
    return true
  }

  isLoaded(entry: OllamaEntry): boolean {
    return this.loadedNames.has(String(entry.name))
  }

  load(entry: OllamaEntry, keepAlive: unknown): void {
    this.loadedNames.set(String(entry.name), keepAlive)
  }

  unload(entry: OllamaEntry): void {
    this.loadedNames.delete(String(entry.name))
  }
}

/** `internal/modelref`: a suffix says where a model is to run, whatever is installed. */
export function sourceOf(written: string): {
  readonly base: string
  readonly source: 'cloud' | 'local' | undefined
} {
  const raw = written.trim()
  const colon = raw.lastIndexOf(':')
  const suffix = colon === -1 ? '' : raw.slice(colon + 1).trim()
  if (/^cloud$/i.test(suffix)) return { base: raw.slice(0, colon), source: 'cloud' }
  if (/^local$/i.test(suffix)) return { base: raw.slice(0, colon), source: 'local' }
  if (/-cloud$/i.test(suffix) && !suffix.includes('/')) return { base: raw, source: 'cloud' }
  return { base: raw, source: undefined }
}

export function isRemote(entry: OllamaEntry): boolean {
  return typeof entry.remote_host === 'string' && entry.remote_host !== ''
}

function canonical(name: string): string {
  const full = name
    .trim()
    .toLowerCase()
    .replace(/^registry\.ollama\.ai\//, '')
    .replace(/^library\//, '')
  return full.lastIndexOf(':') > full.lastIndexOf('/') ? full : `${full}:latest`
}

/** Negative: for ever, which Ollama writes as a time in the year 2318. */
function expiryOf(keepAlive: unknown): string {
  if (typeof keepAlive === 'number' && keepAlive < 0) return '2318-03-01T00:00:00Z'
  if (typeof keepAlive === 'string' && keepAlive.startsWith('-')) return '2318-03-01T00:00:00Z'
  return '2026-11-21T12:05:00Z'
}

const DETAILS = { format: 'gguf', family: 'qwen3', parameter_size: '8.2B', quantization_level: 'Q4_K_M' }

export const OLLAMA_MODELS: readonly OllamaEntry[] = [
  {
    name: 'qwen3:8b',
    model: 'qwen3:8b',
    modified_at: '2026-11-01T09:00:00.000000000+01:00',
    size: 5_225_388_164,
    digest: '500a1f067a9f',
    details: DETAILS,
  },
  {
    name: 'gpt-oss:120b-cloud',
    model: 'gpt-oss:120b-cloud',
    remote_model: 'gpt-oss:120b',
    remote_host: 'https://ollama.com:443',
    modified_at: '2026-11-02T09:00:00Z',
    size: 384,
    digest: '569662207105',
    details: { format: '', family: '', parameter_size: '', quantization_level: '' },
  },
]

export const OLLAMA_LOADED: readonly OllamaEntry[] = [
  {
    name: 'qwen3:8b',
    model: 'qwen3:8b',
    size: 6_200_000_000,
    digest: '500a1f067a9f',
    details: DETAILS,
    expires_at: '2026-11-21T12:05:00Z',
    size_vram: 6_200_000_000,
    context_length: 4096,
  },
]
