/** Time and chance, passed in so that tests own them. */
export interface Ambient {
  /** Milliseconds since the Unix epoch; may jump when somebody sets the clock. */
  now(): number
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  monotonicMs(): number
  /** In [0, 1). */
  random(): number
}

export const REAL_AMBIENT: Ambient = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
}
