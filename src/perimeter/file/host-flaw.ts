import { addressNumber, contains, type Network, networkOf } from './network.ts'

const NO_HOSTS = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '::/127', 'fe80::/10', 'ff00::/8'].map(networkOf)

/** Why no machine can have this address in this network; undefined when one can. */
export function hostFlaw(address: string, network: Network): string | undefined {
  if (NO_HOSTS.some((none) => contains(none, address)))
    return `${address} is no address of a machine in a network`
  const number = addressNumber(address)
  // In IPv6 the first address belongs to the routers of the network (RFC 4291 2.6.1), and there is no broadcast.
  if (number === network.first) return `${address} stands for the whole network; choose another address in it`
  if (network.family === 4 && number === network.last)
    return `${address} is the broadcast address of its network; choose another address in it`
  return undefined
}
