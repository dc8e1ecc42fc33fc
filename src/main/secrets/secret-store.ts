/** Keeps secrets between runs. Rejects with `secrets.unavailable` when the place for them refuses. */
export interface SecretStore {
  get(name: string): Promise<string | undefined>
  set(name: string, secret: string): Promise<void>
  /** Resolves also when there was none. */
  delete(name: string): Promise<void>
  /** Where secrets are kept, for people. */
  describe(): string
}

/** The place for secrets, or why it cannot be used. Nobody falls back to another one without being told to. */
export type SecretPlace =
  | { readonly kind: 'available'; readonly store: SecretStore }
  | { readonly kind: 'unavailable'; readonly reason: string }
