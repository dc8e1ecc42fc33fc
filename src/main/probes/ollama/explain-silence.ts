import { isIP } from 'node:net'
import { kindOfAddress } from '../../../node/address-policy/address-kind.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import { duration } from '../../../shared/util/amounts.ts'
import type { Circumstances } from './circumstances.ts'
import type { ConnectFailure } from './connect-failure.ts'
import { type NetworkPath, networkPath } from './network-path.ts'

/** Packets are lost or turned back on the way: the route says whether a VPN, a firewall or the machine is at fault. */
export async function explainSilence(
  base: URL,
  failure: ConnectFailure,
  { around, way }: Circumstances,
): Promise<AppError> {
  const { address = '', code = '' } = failure.attempts.at(-1) ?? {}
  const place = base.host
  const cause = failure
  if (way.via !== undefined)
    return new AppError(
      code === 'ETIMEDOUT' ? 'ollama.firewall' : 'ollama.unreachable',
      `${way.via} cannot reach ${place} (${wordsFor(code)}).`,
      { cause },
    )
  if (code === 'ENOKEY' || code === 'EDESTADDRREQ')
    return new AppError('ollama.vpn-down', `The VPN has no peer that leads to ${place} (${code}).`, { cause })
  const path = await networkPath(address, around)
  return (
    overVpn(place, path, cause) ??
    beyond(place, { path, code, isPrivate: isPrivate(address) }, cause) ??
    new AppError('ollama.unreachable', `${place} cannot be reached (${wordsFor(code)}).`, { cause })
  )
}

function overVpn(place: string, path: NetworkPath, cause: ConnectFailure): AppError | undefined {
  if (path.kind !== 'wireguard') return undefined
  const { device, handshake } = path
  switch (handshake.kind) {
    case 'fresh':
      return new AppError(
        'ollama.firewall',
        `The VPN ${device} is up (handshake ${duration(handshake.ageMs)} ago), but ${place} does not answer through it.`,
        {
          cause,
          remedy:
            'Let the router pass TCP from the VPN to this address and port, and the machine of Ollama take it; "sovereign perimeter verify" tries both.',
        },
      )
    case 'stale':
      return new AppError(
        'ollama.vpn-down',
        `The VPN ${device} is down: its last handshake was ${duration(handshake.ageMs)} ago.`,
        { cause },
      )
    case 'never':
      return new AppError('ollama.vpn-down', `The VPN ${device} has never had a handshake.`, { cause })
    case 'hidden':
      return new AppError(
        'ollama.unreachable',
        `${place} does not answer through the VPN ${device}, whose handshakes only root may see.`,
        {
          cause,
          remedy: `Look with "sudo wg show ${device} latest-handshakes": older than three minutes means that the VPN is down, newer that a firewall behind it is closed.`,
        },
      )
  }
}

interface Way {
  readonly path: NetworkPath
  readonly code: string
  readonly isPrivate: boolean
}

function beyond(
  place: string,
  { code, isPrivate: isInside, path }: Way,
  cause: ConnectFailure,
): AppError | undefined {
  const isLost = code === 'ETIMEDOUT'
  const leadsNowhere = path.kind === 'none' || (path.kind === 'gateway' && path.isDefault)
  if (isInside && leadsNowhere)
    return new AppError(
      'ollama.vpn-down',
      path.kind === 'none'
        ? `No way leads from this computer to ${place}: the VPN that would is down.`
        : `${place} is in a private network that this computer is not in, and no VPN leads there now: the request went out by ${path.device}.`,
      { cause },
    )
  if (path.kind === 'none')
    return new AppError('ollama.unreachable', `No way leads from this computer to ${place}.`, {
      cause,
      remedy: 'Check the network of this computer.',
    })
  if (path.kind === 'neighbour' && !path.isThere && code !== 'ECONNRESET')
    return new AppError(
      'ollama.unreachable',
      `No machine answers for ${place} in this network (${wordsFor(code)}).`,
      {
        cause,
        remedy: 'Check that it is switched on and still has this address.',
      },
    )
  if (code === 'ECONNRESET')
    return new AppError('ollama.firewall', `The connection to ${place} is cut while it is opened.`, { cause })
  if (isLost)
    return new AppError('ollama.firewall', `Packets to ${place} are dropped: there is no answer at all.`, {
      cause,
    })
  if (path.kind === 'neighbour')
    return new AppError('ollama.firewall', `${place} turns requests back (${wordsFor(code)}).`, { cause })
  return path.kind === 'gateway'
    ? new AppError(
        'ollama.firewall',
        `${path.gateway} turns requests to ${place} back (${wordsFor(code)}).`,
        {
          cause,
        },
      )
    : undefined
}

function isPrivate(address: string): boolean {
  return isIP(address) !== 0 && kindOfAddress(address) === 'private'
}

function wordsFor(code: string): string {
  switch (code) {
    case 'ETIMEDOUT':
      return 'no answer in time'
    case 'EHOSTUNREACH':
      return 'no route to the host'
    case 'ENETUNREACH':
      return 'no route to its network'
    default:
      return code
  }
}
