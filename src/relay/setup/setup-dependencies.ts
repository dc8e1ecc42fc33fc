import type { AppError } from '../../shared/errors/app-error.ts'

/** What the client kit needs from the rest of the relay. */
export interface SetupDependencies {
  /** Version of Sovereign Bridge, as in package.json. */
  readonly version: string
  /** Built bundles and the OpenCode binaries they may carry live in folders below it. */
  readonly dataDir: string
  /** Whether client routes ask for a bearer token. */
  tokensRequired(): boolean
  /** Which upstreams have a credential right now; no network traffic. */
  signedIn(): { readonly copilot: boolean; readonly openrouter: boolean }
  /** Where models without a prefix go; those of all others carry the name of their upstream in front. */
  defaultUpstream(): string
  /** The models of all upstreams but Copilot and OpenRouter, by the names that `/v1` takes. */
  otherModels(): Promise<readonly OtherModels[]>
  /**
   * The body of the upstream's model list (`GET /models` of Copilot, `GET /api/v1/models` of OpenRouter), parsed
   * from JSON and otherwise as it came; may be served from a cache.
   *
   * @throws AppError when it cannot be had, such as `relay.signed-out`.
   */
  modelsReply(upstream: 'copilot' | 'openrouter', signal: AbortSignal): Promise<unknown>
}

/** Entries of a model list in the form of `GET /v1/models`, or why there is none. */
export type OtherModels =
  | { readonly upstream: string; readonly models: readonly unknown[] }
  | { readonly upstream: string; readonly error: AppError }
