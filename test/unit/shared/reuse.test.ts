import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reuse } from '../../../src/shared/util/reuse.ts'

test('what did not change is the same object as before', () => {
  const before = {
    clients: [
      { name: 'a', bytes: 1 },
      { name: 'b', bytes: 1 },
    ],
    relay: { place: 'pi' },
  }
  const after = reuse(before, {
    clients: [
      { name: 'a', bytes: 1 },
      { name: 'b', bytes: 2 },
    ],
    relay: { place: 'pi' },
  })
  expect(after.relay).toBe(before.relay)
  expect(after.clients[0]).toBe(before.clients[0])
  expect(after.clients[1]).toEqual({ name: 'b', bytes: 2 })
  expect(reuse(before, structuredClone(before))).toBe(before)
})

test('a name that goes away or has no value any more is a change', () => {
  expect(reuse({ a: 1, b: undefined }, { a: 1 })).toStrictEqual({ a: 1 })
  expect(reuse({ a: 1 }, { b: undefined })).toStrictEqual({ b: undefined })
  expect(reuse([1, 2], [1])).toEqual([1])
})

test('whatever came before, the value is the next one', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (previous, next) => {
      expect(reuse(previous, structuredClone(next))).toStrictEqual(next)
    }),
  )
})
