import type { Ambient } from '../../src/node/ambient.ts'

export interface FakeAmbient extends Ambient {
  /** Lets time go by: both clocks move. */
  pass(ms: number): void
  /** Somebody sets the wall clock; the monotonic one does not notice. */
  setClock(iso: string): void
}

export function fakeAmbient(iso = '2026-11-21T12:00:00.000Z'): FakeAmbient {
  let wall = Date.parse(iso)
  let monotonic = 1000
  return {
    now: () => wall,
    monotonicMs: () => monotonic,
    random: () => 0.5,
    pass(ms) {
      wall += ms
      monotonic += ms
    },
    setClock(next) {
      wall = Date.parse(next)
    },
  }
}
