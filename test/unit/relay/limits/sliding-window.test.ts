import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlidingWindow } from '../../../../src/relay/limits/sliding-window.ts'

/** Tries to get in at each of these times. */
function admitted(limit: number, times: readonly number[]): number[] {
  const window = new SlidingWindow()
  return times.filter((now) => {
    if (window.waitMs(limit, now) > 0) return false
    window.add(now)
    return true
  })
}

const timesOf = (gaps: readonly number[]): number[] => {
  let now = 1000
  return gaps.map((gap) => {
    now += gap
    return now
  })
}

const gaps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 70_000 })), { maxLength: 300 })

describe('the window of a minute', () => {
  it('never lets in more than the limit within any 60 seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), gaps, (limit, steps) => {
        const times = admitted(limit, timesOf(steps))
        return times.every(
          (start) => times.filter((time) => time >= start && time < start + 60_000).length <= limit,
        )
      }),
    )
  })

  it('never refuses while fewer than the limit came within the last 60 seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), gaps, (limit, steps) => {
        const all = timesOf(steps)
        const window = new SlidingWindow()
        const inside: number[] = []
        return all.every((now) => {
          const recent = inside.filter((time) => time > now - 60_000).length
          const isIn = window.waitMs(limit, now) === 0
          if (isIn) {
            window.add(now)
            inside.push(now)
          }
          return isIn === recent < limit
        })
      }),
    )
  })

  it('says exactly how long to wait: a millisecond earlier there is no room, then there is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), gaps, (limit, steps) => {
        const window = new SlidingWindow()
        for (const now of timesOf(steps)) {
          const wait = window.waitMs(limit, now)
          if (wait === 0) window.add(now)
          else {
            expect(window.waitMs(limit, now + wait - 1)).toBe(1)
            expect(window.waitMs(limit, now + wait)).toBe(0)
            return
          }
        }
      }),
    )
  })

  it('waits for enough room when the limit was lowered', () => {
    const window = new SlidingWindow()
    for (const now of [0, 10_000, 20_000]) window.add(now)
    expect(window.waitMs(3, 30_000)).toBe(30_000)
    expect(window.waitMs(1, 30_000)).toBe(50_000)
  })

  it('forgets what is over, however much there was', () => {
    const window = new SlidingWindow()
    for (let now = 0; now < 200_000; now += 10) window.add(now)
    expect(window.count(199_990)).toBe(6000)
    expect(window.count(400_000)).toBe(0)
  })
})
