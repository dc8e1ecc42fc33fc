import ipaddr from 'ipaddr.js'
import { AppError } from '../../shared/errors/app-error.ts'
import { type AddressKind, kindOfAddress, unwrapAddress } from './address-kind.ts'
import { matchesHost } from './host-pattern.ts'

/** Decides about one address of a host, after the host was looked up. */
export interface AddressPolicy {
  /** @returns why it may not be reached, or undefined if it may. */
  objection(host: string, address: string): AppError | undefined
}

const WORDS: Readonly<Record<Exclude<AddressKind, 'public'>, string>> = {
  loopback: 'this machine itself',
  private: 'a private network',
  'link-local': 'the local network segment only',
  metadata: 'where a cloud hands out credentials',
  unspecified: 'no address at all',
  multicast: 'a multicast group',
  reserved: 'reserved and not on the internet',
}

/** Names open these; anything stranger has to be allowed by its address or network. */
const OPENED_BY_NAME: ReadonlySet<AddressKind> = new Set(['loopback', 'private', 'link-local'])

/**
 * Only public addresses, and what is allowed: a name (`nas.lan`, `*.lan`, `*`) whatever private address it has, an
 * address or a network (`10.0.0.0/8`). An address that hands out credentials opens to itself alone (a /32 or /128).
 *
 * @throws AppError `settings.invalid` for a network that is none.
 */
export function createAddressPolicy(allow: readonly string[]): AddressPolicy {
  const networks: Network[] = []
  const names: string[] = []
  for (const entry of allow) {
    const network = parseNetwork(entry)
    if (network === undefined) names.push(entry)
    else networks.push(network)
  }
  return {
    objection(host, address) {
      const kind = kindOfAddress(address)
      if (kind === 'public' || networks.some((network) => holds(network, address, kind))) return undefined
      if (OPENED_BY_NAME.has(kind) && names.some((name) => matchesHost(name, host))) return undefined
      const what = host === address ? address : `${host} (${address})`
      return new AppError('egress.denied', `The proxy may not go to ${what}: that is ${WORDS[kind]}.`, {
        ...(kind === 'metadata' || OPENED_BY_NAME.has(kind) ? {} : { remedy: 'Use the address of a host.' }),
      })
    },
  }
}

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

function parseNetwork(entry: string): Network | undefined {
  const text = entry.replace(/^\[|\](?=\/|$)/g, '')
  const [address = '', bits] = text.split('/')
  if (!ipaddr.IPv6.isValid(address) && !ipaddr.IPv4.isValidFourPartDecimal(address)) {
    if (bits === undefined && !address.includes(':') && !/^[\d.]+$/.test(address)) return undefined
    throw new AppError('settings.invalid', `${JSON.stringify(entry)} is no address and no network.`)
  }
  const plain = ipaddr.process(address)
  const most = plain.kind() === 'ipv4' ? 32 : 128
  const size = bits === undefined ? most : Number(bits)
  if (size > most)
    throw new AppError(
      'settings.invalid',
      `${JSON.stringify(entry)} is no network: /${most} is the smallest.`,
    )
  return [plain, size]
}

function holds([network, bits]: Network, text: string, kind: AddressKind): boolean {
  const address = unwrapAddress(text)
  if (address.kind() !== network.kind()) return false
  if (kind === 'metadata' && bits < (address.kind() === 'ipv4' ? 32 : 128)) return false
  return address.match([network, bits] as [ipaddr.IPv4 & ipaddr.IPv6, number])
}
