import { DAY_MS } from '../../shared/util/days.ts'
import { hostFlaw } from '../file/host-flaw.ts'
import { addressNumber, addressText, type Network, networkOf } from '../file/network.ts'
import type { Perimeter, PerimeterWireguard } from '../file/schema.ts'

/** A new owner of the address would stand in the old one's place in logs and counters. */
const REST_DAYS = 30
/** Nobody has that many peers, and somebody may have a network of that many addresses. */
const MOST_TRIED = 65_536n

export interface PeerAddress {
  readonly address: string
  readonly address6?: string
}

/** The first place in the VPN that is free in both families; undefined where there is none. */
export function freeAddress(
  { peers, revoked }: Perimeter,
  vpn: PerimeterWireguard,
  now: number,
): PeerAddress | undefined {
  const resting = revoked.filter(({ at }) => now - Date.parse(at) < REST_DAYS * DAY_MS)
  const taken = new Set(
    [...peers, ...resting]
      .flatMap(({ address, address6 }) => (address6 === undefined ? [address] : [address, address6]))
      .map((address) => `${address.includes(':') ? 6 : 4} ${addressNumber(address)}`),
  )
  const four = networkOf(vpn.address)
  const six = vpn.address6 === undefined ? undefined : networkOf(vpn.address6)
  const isFree = (network: Network, number: bigint) =>
    number !== network.address &&
    number <= network.last &&
    !taken.has(`${network.family} ${number}`) &&
    hostFlaw(addressText(number, network.family), network) === undefined
  for (let place = 1n; four.first + place < four.last && place < MOST_TRIED; place += 1n) {
    if (!isFree(four, four.first + place)) continue
    const address = addressText(four.first + place, 4)
    if (six === undefined) return { address }
    if (isFree(six, six.first + place)) return { address, address6: addressText(six.first + place, 6) }
  }
  return undefined
}
