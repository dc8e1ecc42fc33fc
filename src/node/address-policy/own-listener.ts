import { networkInterfaces } from 'node:os'
import { AppError } from '../../shared/errors/app-error.ts'
import { unwrapAddress } from './address-kind.ts'
import type { CheckedAddress } from './checked-addresses.ts'

/** An address and port on which whoever dials listens. */
export interface OwnListener {
  /** An address literal without brackets; `0.0.0.0` and `::` are all addresses of this machine. */
  readonly address: string
  readonly port: number
}

/** Whether a connection to this address and port would arrive at that listener. */
export function isOwnListener(listener: OwnListener, address: string, port: number): boolean {
  if (port !== listener.port) return false
  const to = unwrapAddress(address)
  const at = unwrapAddress(listener.address)
  if (to.toString() === at.toString()) return true
  // To connect to no address at all is to connect to loopback (connect(2) on Linux and the BSDs).
  if (to.range() === 'unspecified') return true
  return at.range() === 'unspecified' && (to.range() === 'loopback' || isOfThisMachine(to.toString()))
}

/**
 * An `objection` for `dial`, so that nobody is led back into themselves.
 *
 * @param who begins the sentence. @param listeners asked for each address, as they may change.
 */
export function objectionToSelf(
  who: string,
  listeners: () => readonly OwnListener[],
): (address: CheckedAddress, port: number) => AppError | undefined {
  return ({ address }, port) =>
    listeners().some((listener) => isOwnListener(listener, address, port))
      ? new AppError('proxy.loop', `${who} was asked to go to itself, at port ${port}.`)
      : undefined
}

function isOfThisMachine(address: string): boolean {
  return Object.values(networkInterfaces()).some((entries) =>
    entries?.some((entry) => unwrapAddress(entry.address.replace(/%.*$/, '')).toString() === address),
  )
}
