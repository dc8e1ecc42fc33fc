import { networkInterfaces } from 'node:os'
import { unwrapAddress } from './address-kind.ts'

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

function isOfThisMachine(address: string): boolean {
  return Object.values(networkInterfaces()).some((entries) =>
    entries?.some((entry) => unwrapAddress(entry.address.replace(/%.*$/, '')).toString() === address),
  )
}
