import { Exposition } from '../../usage/exposition.ts'
import type { CoolDowns } from './cool-downs.ts'
import type { Failover } from './failover.ts'
import type { Routing } from './routing.ts'

/** What Prometheus learns about the upstreams beside their requests. */
export function routingMetrics(routing: Routing, coolDowns: CoolDowns, failover: Failover): string {
  const out = new Exposition()
  const cooling = coolDowns.upstreams()
  const gauge = (name: string, help: string, isSo: (id: string) => boolean): void => {
    out.family(name, 'gauge', help)
    for (const { id } of routing.all()) out.sample(name, { upstream: id }, isSo(id) ? 1 : 0)
  }
  const ready = new Set(routing.all().flatMap(({ id, problem }) => (problem === undefined ? [id] : [])))
  gauge('sovereign_relay_upstream_ready', '1 for an upstream that has what it needs to be asked.', (id) =>
    ready.has(id),
  )
  gauge('sovereign_relay_upstream_cooling_down', '1 while an upstream that failed is asked last.', (id) =>
    cooling.includes(id),
  )
  out.family('sovereign_relay_fallbacks_total', 'counter', 'Attempts in place of the upstream asked for.')
  for (const { from, to, count } of failover.fallbacks())
    out.sample('sovereign_relay_fallbacks_total', { from, to }, count)
  return out.toString()
}
