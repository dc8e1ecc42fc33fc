import { type Wire, wireAt } from '../wires.ts'

/** What clients may ask of Ollama; everything else changes the server or speaks for its owner. */
export type OllamaAsk =
  | { readonly kind: 'text' }
  | { readonly kind: 'version' }
  | { readonly kind: 'tags' }
  | { readonly kind: 'ps' }
  | { readonly kind: 'openai-list' }
  | { readonly kind: 'show' }
  | { readonly kind: 'native'; readonly path: NativePath }
  | { readonly kind: 'wire'; readonly wire: Wire }

/** Ollama's own forms of inference. */
const NATIVE = ['/api/generate', '/api/chat', '/api/embed', '/api/embeddings'] as const
export type NativePath = (typeof NATIVE)[number]

const READS: ReadonlyMap<string, OllamaAsk> = new Map<string, OllamaAsk>([
  ['', { kind: 'text' }],
  ['/', { kind: 'text' }],
  ['/api/version', { kind: 'version' }],
  ['/api/tags', { kind: 'tags' }],
  ['/api/ps', { kind: 'ps' }],
  ['/v1/models', { kind: 'openai-list' }],
])

/**
 * Compares with whole paths only, so nothing that can be read in two ways is open. What goes on to Ollama is never
 * the path of the client but the one in here.
 *
 * @param path below `/ollama`, with nothing decoded.
 */
export function ollamaAsk(method: string | undefined, path: string): OllamaAsk | undefined {
  if (method === 'GET' || method === 'HEAD') return READS.get(path)
  if (method !== 'POST') return undefined
  if (path === '/api/show') return { kind: 'show' }
  const native = NATIVE.find((each) => each === path)
  if (native !== undefined) return { kind: 'native', path: native }
  const wire = path.startsWith('/v1/') ? wireAt(path.slice('/v1'.length)) : undefined
  return wire && { kind: 'wire', wire }
}
