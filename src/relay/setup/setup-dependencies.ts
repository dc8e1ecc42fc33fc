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
  /**
   * The body of the upstream's model list (`GET /models` of Copilot, `GET /api/v1/models` of OpenRouter), parsed
   * from JSON and otherwise as it came; may be served from a cache.
   *
   * @throws AppError when it cannot be had, such as `relay.signed-out`.
   */
  modelsReply(upstream: 'copilot' | 'openrouter', signal: AbortSignal): Promise<unknown>
}
