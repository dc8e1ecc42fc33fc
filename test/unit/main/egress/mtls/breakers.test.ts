import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Breakers } from '../../../../../src/main/egress/mtls/breakers.ts'
import { AppError } from '../../../../../src/shared/errors/app-error.ts'

const PAUSE_MS = 30_000
const PLACE = 'shop.example:443'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** Dials that end when the test says so. */
function makeDials(breakers: Breakers) {
  const underWay: PromiseWithResolvers<string>[] = []
  let count = 0
  return {
    get count() {
      return count
    },
    /** @returns what it came to: its result, or the code or message of its failure. */
    dial: (place = PLACE): Promise<string> =>
      breakers
        .run(place, () => {
          count += 1
          const dial = Promise.withResolvers<string>()
          underWay.push(dial)
          return dial.promise
        })
        .catch((error: Error) => (error instanceof AppError ? error.code : error.message)),
    /** Ends the oldest. */
    end: (how: (dial: PromiseWithResolvers<string>) => void): void => {
      const dial = underWay.shift()
      if (dial === undefined) throw new Error('Nothing is being dialled.')
      how(dial)
    },
  }
}

type End = (dial: PromiseWithResolvers<string>) => void
const refuse: End = ({ reject }) => reject(new AppError('egress.refused', 'It refused the connection.'))
const answer: End = ({ resolve }) => resolve('answered')
const UNCOUNTED: readonly (readonly [string, End])[] = [
  ['is given up by its client', ({ reject }) => reject(new Error('given up'))],
  ['may not be made', ({ reject }) => reject(new AppError('egress.denied', 'That is a private address.'))],
]

/** After five failures, when the pause is over. */
async function makeHalfOpen() {
  const dials = makeDials(new Breakers(PAUSE_MS))
  for (let failures = 0; failures < 5; failures += 1) {
    const failed = dials.dial()
    dials.end(refuse)
    expect(await failed).toBe('egress.refused')
  }
  expect(await dials.dial()).toBe('egress.unavailable')
  vi.setSystemTime(Date.now() + PAUSE_MS)
  return { dials, before: dials.count }
}

test('of ten that ask at once after the pause exactly one tries, and its failure is that of all', async () => {
  const { before, dials } = await makeHalfOpen()
  const asked = Array.from({ length: 10 }, () => dials.dial())
  await setImmediate()
  expect(dials.count - before).toBe(1)
  dials.end(refuse)
  expect(await Promise.all(asked)).toEqual(['egress.refused', ...Array(9).fill('egress.unavailable')])
  expect(dials.count - before).toBe(1)
})

test('of ten that ask at once after the pause the first tries, and all go when it is answered', async () => {
  const { before, dials } = await makeHalfOpen()
  const asked = Array.from({ length: 10 }, () => dials.dial())
  await setImmediate()
  expect(dials.count - before).toBe(1)
  dials.end(answer)
  await setImmediate()
  expect(dials.count - before).toBe(10)
  for (let rest = 1; rest < 10; rest += 1) dials.end(answer)
  expect(await Promise.all(asked)).toEqual(Array(10).fill('answered'))
})

test.each(UNCOUNTED)(
  'where the try after the pause %s, one that comes later tries for all',
  async (_, end) => {
    const { before, dials } = await makeHalfOpen()
    const first = dials.dial()
    dials.end(end)
    await first
    const asked = Array.from({ length: 5 }, () => dials.dial())
    await setImmediate()
    expect(dials.count - before).toBe(2)
    dials.end(refuse)
    expect(await Promise.all(asked)).toEqual(['egress.refused', ...Array(4).fill('egress.unavailable')])
    expect(await dials.dial()).toBe('egress.unavailable')
  },
)

test.each(UNCOUNTED)(
  'where the try after the pause %s, one of those that wait tries for all',
  async (_, end) => {
    const { before, dials } = await makeHalfOpen()
    const [first, ...rest] = Array.from({ length: 10 }, () => dials.dial())
    await setImmediate()
    dials.end(end)
    await first
    await setImmediate()
    expect(dials.count - before).toBe(2)
    dials.end(refuse)
    expect(await Promise.all(rest)).toEqual(['egress.refused', ...Array(8).fill('egress.unavailable')])
    expect(dials.count - before).toBe(2)
  },
)

test.each(UNCOUNTED)(
  'where the try after the pause %s, an answer to the next opens the way',
  async (_, end) => {
    const { dials } = await makeHalfOpen()
    for (let tries = 0; tries < 7; tries += 1) {
      const tried = dials.dial()
      dials.end(end)
      expect(await tried).not.toBe('egress.unavailable')
    }
    const answered = dials.dial()
    dials.end(answer)
    expect(await answered).toBe('answered')
    const together = [dials.dial(), dials.dial()]
    dials.end(answer)
    dials.end(answer)
    expect(await Promise.all(together)).toEqual(['answered', 'answered'])
  },
)

test('what says nothing about the host neither counts nor forgives while the way is open', async () => {
  const dials = makeDials(new Breakers(PAUSE_MS))
  const ends = [refuse, refuse, ...UNCOUNTED.map(([, end]) => end), refuse, refuse]
  for (const end of ends) {
    const ended = dials.dial()
    dials.end(end)
    expect(await ended).not.toBe('egress.unavailable')
  }
  const fifth = dials.dial()
  dials.end(refuse)
  expect(await fifth).toBe('egress.refused')
  expect(await dials.dial()).toBe('egress.unavailable')
})
