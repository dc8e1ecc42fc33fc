import type { Perimeter } from '../../file/schema.ts'
import { SERVER_INTERFACE } from './network.ts'
import { OURS, type Section } from './section.ts'

export function dhcpSections({ server }: Perimeter): Section[] {
  const { address, isolation, mac } = server
  const lease: Section[] =
    mac === undefined
      ? []
      : [
          {
            config: 'dhcp',
            name: `${OURS}lease`,
            type: 'host',
            options: { name: 'model-server', mac: mac.toLowerCase(), ip: address },
          },
        ]
  if (isolation.kind !== 'vlan') return lease
  // Nobody but the server gets an address in its network; by IPv6 it learns the way out and keeps its own address.
  const hasIpv6 = isolation.address6 !== undefined
  if (lease.length === 0 && !hasIpv6) return []
  return [
    {
      config: 'dhcp',
      name: SERVER_INTERFACE,
      type: 'dhcp',
      options: {
        interface: SERVER_INTERFACE,
        start: 2,
        limit: 1,
        leasetime: '12h',
        ...(lease.length === 0 ? { dhcpv4: 'disabled' } : { dhcpv4: 'server', dynamicdhcp: 0 }),
        ...(hasIpv6 ? { ra: 'server', ra_slaac: 0, dhcpv6: 'disabled' } : {}),
      },
    },
    ...lease,
  ]
}
