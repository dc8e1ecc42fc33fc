import type { OllamaWay } from './ollama-way.ts'
import type { Surroundings } from './surroundings.ts'

/** From where an Ollama was asked, and what there is to see around that. */
export interface Circumstances {
  readonly way: OllamaWay
  readonly around: Surroundings
}
