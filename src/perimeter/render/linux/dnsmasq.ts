import { networkText } from '../../file/network.ts'
import type { Perimeter } from '../../file/schema.ts'
import { serverGateway } from '../../policy/layout.ts'

export const DNSMASQ_FILE = '/etc/dnsmasq.d/sovereign-perimeter.conf'

/** The fixed lease of the server; nothing without its hardware address. */
export function dnsmasqConf(perimeter: Perimeter): string | undefined {
  const { mac, address, isolation } = perimeter.server
  if (mac === undefined) return undefined
  const [network] = networkText(serverGateway(perimeter).address).split('/')
  return [
    '# Written by "sovereign perimeter". If your own settings name interfaces, name that of the server there too.',
    // In a network of its own nobody but the server gets an address; the LAN has a range already.
    ...(isolation.kind === 'vlan' ? [`dhcp-range=${network},static`] : []),
    `dhcp-host=${mac.toLowerCase()},${address},model-server`,
    '',
  ].join('\n')
}
