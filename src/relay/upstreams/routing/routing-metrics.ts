import { Exposition } from '../../usage/exposition.ts'
import type { Upstream } from '../upstream.ts'
import type { CoolDowns } from './cool-downs.ts'
import type { Failover } from './failover.ts'
import type { Routing } from './routing.ts'

/** What Prometheus learns about the upstreams beside their requests. */
export function routingMetrics(routing: Routing, coolDowns: CoolDowns, failover: Failover): string {
  const out = new Exposition()
  const gauge = (name: string, help: string, isSo: (upstream: Upstream) => boolean): void => {
    out.family(name, 'gauge', help)
    for (const upstream of routing.all()) out.sample(name, { upstream: upstream.id }, isSo(upstream) ? 1 : 0)
  }
  gauge(
    'sovereign_relay_upstream_ready',
    '1 for an upstream that has what it needs to be asked.',
    ({ problem }) => problem === undefined,
  )
  gauge(
    'sovereign_relay_upstream_cooling_down',
    '1 while an upstream that failed is asked last.',
    (upstream) => coolDowns.isCoolingAsWhole(upstream),
  )
  out.family('sovereign_relay_fallbacks_total', 'counter', 'Attempts in place of the upstream asked for.')
  for (const { from, to, count } of failover.fallbacks())
    out.sample('sovereign_relay_fallbacks_total', { from, to }, count)
  return out.toString()
}
