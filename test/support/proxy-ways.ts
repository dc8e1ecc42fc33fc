import { DirectEgress } from '../../src/main/egress/direct/direct-egress.ts'
import { createAddressPolicy } from '../../src/node/address-policy/address-policy.ts'
import type { Lookup } from '../../src/node/address-policy/lookups.ts'
import { type StartedProxy, type StartProxyOptions, startProxy } from './start-proxy.ts'
import { dialLoopback } from './start-tunnel.ts'
import { type TunnelFixture, tunnelFixture } from './tunnel-fixture.ts'

/** Every way out, the tunnel in both formats. */
export const WAYS = ['direct', 'h2', 'envelopes'] as const
export type Way = (typeof WAYS)[number]

export interface WayOptions extends StartProxyOptions {
  /** Of whoever reaches the hosts in the end. */
  readonly lookup?: Lookup
}

/** Proxies of one file of tests, by any way out; each ends with its test. */
export function proxyWays(): (way: Way, options?: WayOptions) => Promise<StartedProxy> {
  const tunnel = tunnelFixture()
  return async (way, { lookup, ...options } = {}) => {
    const names = lookup === undefined ? {} : { lookup }
    if (way === 'direct') return startDirect(names, options)
    return startTunnelled(tunnel, way, names, options)
  }
}

function startDirect(names: { lookup?: Lookup }, options: StartProxyOptions): Promise<StartedProxy> {
  const policy = createAddressPolicy(['127.0.0.0/8', '::1'])
  if (names.lookup === undefined) return startProxy(options)
  return startProxy({ egress: new DirectEgress({ policy, ...names }), ...options })
}

async function startTunnelled(
  tunnel: TunnelFixture,
  protocol: 'h2' | 'envelopes',
  names: { lookup?: Lookup },
  options: StartProxyOptions,
): Promise<StartedProxy> {
  const { egress } = tunnel.makeAgent(await tunnel.startServer({ dial: dialLoopback(names) }), { protocol })
  return startProxy({ egress, ...options })
}
