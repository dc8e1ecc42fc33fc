import { describe, expect, test } from 'vitest'
import { freeBytes, freeingBytes } from '../../../src/node/free-bytes.ts'

const MUCH = 16_384

describe('bytes that nobody needs any more', () => {
  test('give their memory back at once', () => {
    const bytes = Buffer.alloc(MUCH, 7)
    freeBytes(bytes)
    expect([bytes.length, bytes.buffer.byteLength]).toEqual([0, 0])
  })

  test('are left alone where others have a part of the same memory', () => {
    const whole = Buffer.alloc(MUCH + 9, 7)
    for (const part of [whole.subarray(9), whole.subarray(0, MUCH)]) freeBytes(part)
    expect(whole.every((byte) => byte === 7)).toBe(true)
    expect(whole.length).toBe(MUCH + 9)
  })

  test('are left to the garbage collector where they are few', () => {
    const bytes = Buffer.from(new ArrayBuffer(100))
    freeBytes(bytes)
    expect(bytes.length).toBe(100)
    expect(freeingBytes(bytes)).toBeUndefined()
  })

  test('are kept after a write that has failed', () => {
    const bytes = Buffer.alloc(MUCH, 7)
    freeingBytes(bytes)?.(new Error('EPIPE'))
    expect(bytes.length).toBe(MUCH)
    freeingBytes(bytes)?.(null)
    expect(bytes.length).toBe(0)
  })
})
