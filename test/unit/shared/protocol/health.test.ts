import { expect, test } from 'vitest'
import { z } from 'zod'
import { healthSchema } from '../../../../src/shared/protocol/relay-auth.ts'

const HEALTH = {
  status: 'ok',
  relay: 'sovereign-bridge',
  version: '0.1.0',
  authenticated: true,
  upstreams: { copilot: true, openrouter: false },
  active: 0,
  uptime: 12,
}
const WITH_PROVIDERS = {
  ...HEALTH,
  upstreams: { ...HEALTH.upstreams, gpubox: true, acme: false },
  coolingDown: ['gpubox'],
}

test('providers of a relay stand beside the upstreams that it always has', () => {
  expect(healthSchema.parse(WITH_PROVIDERS)).toEqual(WITH_PROVIDERS)
  expect(healthSchema.safeParse({ ...HEALTH, upstreams: { copilot: true } }).success).toBe(false)
})

test('a relay from before there were providers is understood', () => {
  expect(healthSchema.parse(HEALTH)).toEqual(HEALTH)
})

test('who knows only the upstreams from before understands a relay with providers', () => {
  const before = z.looseObject({ upstreams: z.object({ copilot: z.boolean(), openrouter: z.boolean() }) })
  expect(before.parse(WITH_PROVIDERS).upstreams).toEqual(HEALTH.upstreams)
})
