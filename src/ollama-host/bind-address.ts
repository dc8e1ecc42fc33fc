import ipaddr from 'ipaddr.js'
import { type AddressKind, kindOfAddress } from '../node/address-policy/address-kind.ts'
import { AppError } from '../shared/errors/app-error.ts'

/**
 * The address as it is written into the service.
 *
 * @throws AppError `ollama-host.bind-refused` with the reason
 */
export function checkBindAddress(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (!ipaddr.isValid(bare) || (!bare.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(bare)))
    throw refused(`"${text}" is no IP address: a name may mean another address tomorrow, so it is not taken.`)
  const reason = REASONS[kindOfAddress(bare)]
  if (reason !== undefined) throw refused(`Ollama is not bound to ${bare}: ${reason}`)
  return ipaddr.parse(bare).toString()
}

export function isLoopback(address: string): boolean {
  return kindOfAddress(address) === 'loopback'
}

const NO_LOGIN = 'Ollama has no login, and whoever reaches it may also pull and delete models.'

const REASONS: Readonly<Partial<Record<AddressKind, string>>> = {
  unspecified: `that means every network this machine is in, now and later. ${NO_LOGIN}`,
  public: `it can be reached from the internet. ${NO_LOGIN}`,
  'link-local': 'it works on one cable only and needs a zone, which OLLAMA_HOST cannot hold.',
  multicast: 'it stands for a group of machines.',
  reserved: 'it is reserved for examples, tests or broadcasts.',
  metadata: 'it belongs to the cloud provider.',
}

function refused(message: string): AppError {
  return new AppError('ollama-host.bind-refused', message)
}
