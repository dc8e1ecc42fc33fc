/** What is known about a request when it is sent upstream. */
export interface RequestFacts {
  /** `copilot`, `openrouter`, or the name of a provider; holds no space. */
  readonly upstream: string
  /** Path on the upstream, such as `/chat/completions`. */
  readonly endpoint: string
  readonly model: string
  readonly client: string
  readonly stream: boolean
  readonly initiator: 'user' | 'agent'
  /** Leads from the log to the answer that a client has; left out where there is none. */
  readonly requestId?: string
  /** It runs on a machine of the owner: that it costs nothing is known. */
  readonly isFree?: boolean
}

export type RequestOutcome = 'completed' | 'failed' | 'cancelled' | 'truncated'

/** Counts requests exactly once each. Never throws into the data path: a broken store is reported, not fatal. */
export interface UsageRecorder {
  /** Just before a request is sent upstream. @throws AppError `limits.…` where a limit keeps it from being sent. */
  begin(facts: RequestFacts): RequestRecord
}

/** One request on its way. `finish` may be called more than once; only the first call counts. */
export interface RequestRecord {
  /** Upstream status line and headers have arrived; quota headers are read from here. */
  onResponse(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void
  /** A piece of the response body as it passes through; looked at in place, never kept whole, never changed. */
  onBody(chunk: Uint8Array): void
  finish(outcome: RequestOutcome): void
}
