import { expect, test } from 'vitest'
import { proxyHops, tunnelHop } from '../../../src/cli/egress-words.ts'
import { AppError, toFailure } from '../../../src/shared/errors/app-error.ts'
import { NOON } from '../../support/make-bridge-state.ts'

const MINUTE = 60_000

test('a tunnel that wakes says how far it is, how long that usually takes and who waits', () => {
  const since = NOON - 20_000
  const hop = tunnelHop({ phase: 'waking', since, stage: 'pending', typicalMs: 75_000, held: 2 }, NOON)
  expect(hop).toEqual({
    name: 'tunnel',
    health: 'working',
    words: 'waking for 20 s of about 1 min: waiting for its image',
    facts: ['2 requests wait'],
  })
})

test('a tunnel that is connected says where, how fast, what it cost and when it ends', () => {
  const running = { since: NOON - 90 * MINUTE, costUsd: 0.0185, stopsAt: NOON + 30 * MINUTE }
  const hop = tunnelHop(
    {
      phase: 'connected',
      since: NOON - 60 * MINUTE,
      server: '203.0.113.7:8443',
      protocol: 'h2',
      roundTripMs: 31.4,
      running,
    },
    NOON,
  )
  expect(hop.words).toBe('connected for 1 h')
  expect(hop.facts).toEqual([
    '203.0.113.7:8443',
    'HTTP/2',
    '31 ms',
    'runs for 1 h 30 min',
    'about 0.0185 USD so far (estimate)',
    'is stopped in 30 min at the latest',
  ])
})

test.each([
  [31, []],
  [10, ['its certificate ends in 10 days']],
  [0.5, ['its certificate ends within a day']],
  [0, ['its certificate has expired']],
] as const)('a tunnel whose certificate has %s days left says so where they are few', (days, warned) => {
  const certificateEndsAt = NOON + days * 24 * 60 * MINUTE
  const where = { server: 'a:8443', protocol: 'h2', roundTripMs: undefined, running: undefined } as const
  const connected = tunnelHop({ phase: 'connected', since: NOON, ...where }, NOON, certificateEndsAt)
  expect(connected.facts).toEqual(['a:8443', 'HTTP/2', ...warned])
  const asleep = tunnelHop({ phase: 'asleep', since: NOON, control: 'aws' }, NOON, certificateEndsAt)
  expect(asleep.facts).toEqual(warned)
})

test('a tunnel that is down says when it is tried again and why it is down', () => {
  const cause = toFailure(new AppError('tunnel.down', '203.0.113.7:8443 does not answer.'))
  const hop = tunnelHop(
    { phase: 'reconnecting', since: NOON - 9000, attempt: 3, nextTryAt: NOON + 4000, cause },
    NOON,
  )
  expect(hop).toMatchObject({ health: 'waiting', words: 'down for 9 s, next try in 4 s (attempt 3)', cause })
})

test.each([
  [
    { phase: 'asleep', since: NOON - MINUTE, control: 'aws' },
    'off',
    'asleep for 1 min; the first request wakes it',
  ],
  [{ phase: 'connecting', since: NOON, server: 'a:8443' }, 'working', 'connecting to a:8443 for 0 s'],
  [{ phase: 'draining', since: NOON }, 'working', 'letting connections finish'],
  [{ phase: 'killing', since: NOON - 3000 }, 'working', 'stopping its server for 3 s'],
] as const)('%j in words', (tunnel, health, words) => {
  expect(tunnelHop(tunnel, NOON)).toEqual({ name: 'tunnel', health, words, facts: [] })
})

test('the proxy of the system is told of where it was asked for, with what went wrong', () => {
  const tunnel = { phase: 'off' } as const
  expect(proxyHops({ use: 'direct', tunnel }, NOON)).toEqual([])
  const set = proxyHops({ use: 'direct', tunnel, systemProxy: { kind: 'set' } }, NOON)
  expect(set).toEqual([{ name: 'system proxy', health: 'up', words: 'leads here', facts: [] }])
  const cause = toFailure(new AppError('system-proxy.failed', 'gsettings is not installed.'))
  const [failed] = proxyHops({ use: 'direct', tunnel, systemProxy: { kind: 'failed', cause } }, NOON)
  expect(failed).toMatchObject({ health: 'broken', cause })
})
