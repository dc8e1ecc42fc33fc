/** Keeps secrets between runs. Rejects with `secrets.unavailable` when the keychain refuses. */
export interface SecretStore {
  get(name: string): Promise<string | undefined>
  set(name: string, secret: string): Promise<void>
  /** Resolves also when there was none. */
  delete(name: string): Promise<void>
  /** Where secrets are kept, for people. */
  describe(): string
}
