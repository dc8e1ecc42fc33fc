import { expect, test } from 'vitest'
import {
  costText,
  proxyText,
  tunnelWord,
} from '../../../../../src/renderer/features/dashboard/egress-words.ts'
import { overviewOf } from '../../../../../src/renderer/features/dashboard/overview.ts'
import type { TunnelState } from '../../../../../src/shared/state/egress.ts'
import { makeBridgeState, NOON } from '../../../../support/make-bridge-state.ts'
import { makeBusyState } from '../../../../support/make-dashboard.ts'
import { makeTunnels } from '../../../../support/make-tunnel.ts'

const TUNNELS = makeTunnels(NOON)

test('each phase of the tunnel has its own word', () => {
  const told = Object.values(TUNNELS).map((tunnel: TunnelState) => tunnelWord(tunnel).word)
  expect(new Set(told).size).toBe(told.length)
})

test('a tunnel that sleeps is nothing to worry about, and one that broke is', () => {
  expect(tunnelWord(TUNNELS.asleep).tone).toBe('quiet')
  expect(tunnelWord(TUNNELS.waking).tone).toBe('busy')
  expect(tunnelWord(TUNNELS.reconnecting)).toMatchObject({ tone: 'bad', nextTryAt: NOON + 9000 })
  const busy = makeBusyState(NOON)
  const withTunnel = (tunnel: TunnelState) => ({ ...busy, egress: { use: 'mtls', tunnel } as const })
  expect(overviewOf(withTunnel(TUNNELS.asleep)).tone).toBe('good')
  expect(overviewOf(withTunnel(TUNNELS.failed)).tone).toBe('ask')
})

test('a disconnect is not over while the server of the tunnel is being stopped', () => {
  const { relay } = makeBusyState(NOON)
  const idle = { ...relay, link: { phase: 'idle' } } as const
  const headline = (tunnel: TunnelState): string =>
    overviewOf(makeBridgeState({ wanted: 'disconnected', relay: idle, egress: { use: 'mtls', tunnel } }))
      .headline
  expect(headline(TUNNELS.killing)).toBe('Disconnecting')
  expect(headline(TUNNELS.off)).toBe('Disconnected')
})

test('the proxy says where it goes out', () => {
  expect(proxyText({ use: 'direct', tunnel: TUNNELS.off })).toBe('Proxy: direct')
  expect(proxyText({ use: 'direct', tunnel: TUNNELS.asleep })).toBe('Proxy: direct, the tunnel by rule')
  expect(proxyText({ use: 'mtls', tunnel: TUNNELS.off })).toBe('Proxy: through the tunnel')
})

test('what a server has cost is an estimate, little is not nothing, and no price is not zero', () => {
  const cost = (costUsd: number | undefined): string => costText({ since: NOON, costUsd, stopsAt: undefined })
  expect(cost(1.234)).toBe('~$1.23')
  expect(cost(0.0004)).toBe('below $0.01')
  expect(cost(undefined)).toBe('unknown')
})
