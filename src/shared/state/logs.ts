/** How much the bridge logs and where: what the settings say, unless the way in which it was started says otherwise. */
export interface LogsState {
  readonly level: 'error' | 'warn' | 'info' | 'debug' | 'silent'
  /** `terminal`: the bridge draws its state where its log would go. */
  readonly by: 'settings' | 'verbose' | 'LOG_LEVEL' | 'terminal'
  /** Absolute path; undefined where the log goes to standard error alone. */
  readonly file: string | undefined
}
