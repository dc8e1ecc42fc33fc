import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SETTINGS_TIMEOUT_MS, SettingsTimeout } from '../../../../../src/node/tunnel/h2/settings-timeout.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('who has not acknowledged after 10 s is late, once', () => {
  const onLate = vi.fn()
  new SettingsTimeout(SETTINGS_TIMEOUT_MS, onLate)
  vi.advanceTimersByTime(9_999)
  expect(onLate).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(onLate).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(100_000)
  expect(onLate).toHaveBeenCalledOnce()
})

test('nobody is late after its end, and no timer is left', () => {
  const onLate = vi.fn()
  const timeout = new SettingsTimeout(SETTINGS_TIMEOUT_MS, onLate)
  timeout.close()
  timeout.close()
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(100_000)
  expect(onLate).not.toHaveBeenCalled()
})
