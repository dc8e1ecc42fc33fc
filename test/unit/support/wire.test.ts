import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clone, decode, encode } from '../../support/electron/wire.ts'

const values = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withUnboxedPrimitive: false,
} as never)

function across(value: unknown): unknown {
  return decode(JSON.parse(JSON.stringify(encode(clone(value)))) as never)
}

test('what crosses to a page arrives as a structured clone of it would', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(across(value)).toEqual(structuredClone(value))
    }),
  )
})

test('an object that holds itself arrives holding itself', () => {
  const ring: Record<string, unknown> = { name: 'ring' }
  ring.self = [ring]
  const copy = across(ring) as { self: unknown[] }
  expect(copy.self[0]).toBe(copy)
})

class Account {
  readonly name = 'eve'
  greet(): string {
    return `I am ${this.name}`
  }
}

test('an instance of a class arrives as a plain object, without what makes it one', () => {
  const copy = across(new Account()) as object
  expect(copy).toEqual({ name: 'eve' })
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
})

test.each([
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['a promise', Promise.resolve()],
  ['a function within an object', { listener: () => 1 }],
  ['a weak map', new WeakMap()],
])('%s does not cross, in the words of Electron', (_what, value) => {
  expect(() => across(value)).toThrow('An object could not be cloned.')
})
