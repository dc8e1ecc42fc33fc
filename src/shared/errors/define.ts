/**
 * Who can mend a failure.
 * - `automatic`: trying again may help and nobody is harmed by it.
 * - `user`: somebody has to do what `remedy` says; retrying by itself would be useless or harmful.
 * - `never`: the request itself is wrong; the same request will fail again.
 */
export type Recovery = 'automatic' | 'user' | 'never'

export interface ErrorDefinition {
  /** One sentence for a person: what this code means. */
  readonly meaning: string
  readonly recovery: Recovery
  /** What to do next, as an instruction. */
  readonly remedy: string
  /** HTTP status when a server of ours answers with this failure. */
  readonly status?: number
}

export function defineErrors<const T extends Record<string, ErrorDefinition>>(table: T): T {
  return table
}
