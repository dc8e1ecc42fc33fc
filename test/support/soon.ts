import { vi } from 'vitest'

/** Far more than anything takes, also where other work holds the processors. */
const DEADLINE_MS = 15_000

/** Waits until what is expected holds; fails with the last mismatch. */
export function soon<T>(expected: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(expected, { timeout: DEADLINE_MS, interval: 10 })
}
