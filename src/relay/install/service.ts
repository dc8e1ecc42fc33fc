/** What a service manager has to know to keep a relay running. */
export interface RelayService {
  /** Absolute path of the program, and its arguments. */
  readonly command: readonly [string, ...string[]]
  /** config.json; its folder has to be writable, because a sign-in is written there. */
  readonly configPath: string
  readonly dataDir: string
  /** Further environment; never a credential. */
  readonly env: Readonly<Record<string, string>>
}
