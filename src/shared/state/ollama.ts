import type { Failure } from '../errors/app-error.ts'

/** What the bridge found when it last asked the Ollama of the profile. Sizes are bytes, times ms since the epoch. */
export type OllamaState =
  /** The profile names no Ollama. */
  | { readonly kind: 'off' }
  | { readonly kind: 'unknown'; readonly place: string; readonly via?: string }
  | {
      readonly kind: 'ok'
      readonly place: string
      /** The SSH host from which it is asked; absent where it is asked from this computer. */
      readonly via?: string
      readonly at: number
      readonly roundTripMs: number
      readonly version: string
      readonly models: readonly OllamaModel[]
      readonly loaded: readonly LoadedModel[]
      /** Models in the list that clients ask for; undefined where Ollama is too old to have one. */
      readonly listed: number | undefined
      /** What works now and will not do for everything, such as too short a context; the most harmful first. */
      readonly notes: readonly Failure[]
    }
  | {
      readonly kind: 'failing'
      readonly place: string
      readonly via?: string
      readonly at: number
      readonly cause: Failure
    }

export interface OllamaModel {
  readonly name: string
  readonly sizeBytes: number | undefined
  /** Such as `8.0B` and `Q4_K_M`. */
  readonly parameters: string | undefined
  readonly quantization: string | undefined
  /** Runs at ollama.com and not on this server. */
  readonly isCloud: boolean
}

export interface LoadedModel {
  readonly name: string
  readonly vramBytes: number | undefined
  /** Tokens that the model can see at once as it is loaded now. */
  readonly contextLength: number | undefined
  /** Less context than coding agents need: they lose the beginning of a conversation without a word. */
  readonly hasShortContext: boolean
  readonly expiresAt: number | undefined
}
