/** Headers of a signed webhook. */
export const WEBHOOK_HEADERS = {
  /** Seconds since the Unix epoch. */
  timestamp: 'x-sovereign-timestamp',
  /** Never the same twice. */
  nonce: 'x-sovereign-nonce',
  /** `v1=` and the HMAC-SHA256 of {@link webhookText} in lower-case hex. */
  signature: 'x-sovereign-signature',
} as const

/** How old a request may be, and how long its nonce has to be remembered, for the receiver: 5 minutes. */
export const WEBHOOK_SKEW_SECONDS = 300

/** What is signed. The body is JSON: `{"action": "wake" | "query" | "kill", "version": 2, "owner": "…"}`. */
export function webhookText(timestamp: string, nonce: string, body: string): string {
  return `v1\n${timestamp}\n${nonce}\n${body}`
}
