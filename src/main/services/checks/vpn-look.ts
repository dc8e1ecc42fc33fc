import { HANDSHAKE_STALE_MS, type VpnState } from '../../../shared/state/vpn.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { type Finding, failedFor, type Look, ok, skipped, warning } from './check.ts'

/** The WireGuard tunnel of the profile, where it names one. */
export function vpnLooks(core: BridgeCore, lookAtVpn: () => Promise<void>): Look[] {
  if (core.profile.vpn === undefined) return []
  const run = async (): Promise<Finding> => {
    await lookAtVpn()
    return vpnFinding(core.state.vpn, core.ambient.now())
  }
  return [{ id: 'vpn', title: 'VPN', run }]
}

export function vpnFinding(vpn: VpnState, now: number): Finding {
  switch (vpn.kind) {
    case 'off':
    case 'unknown':
      return skipped('It was not looked at yet.')
    case 'changing':
      return skipped(`It is going ${vpn.to}.`)
    case 'failing':
      return failedFor(vpn.cause)
    case 'down':
      return warning(`The VPN ${vpn.tunnel} is down.`, 'Bring it up: sovereign vpn up')
    case 'up':
      return upFinding(vpn, now)
  }
}

function upFinding({ details, tunnel }: Extract<VpnState, { kind: 'up' | 'down' }>, now: number): Finding {
  if (details.kind === 'hidden')
    return ok(`The VPN ${tunnel} is up; its handshakes are not shown to this user.`)
  const { endpoint = 'the router', handshakeAt } = details
  if (handshakeAt !== undefined && now - handshakeAt <= HANDSHAKE_STALE_MS)
    return ok(`The VPN ${tunnel} is up, and ${endpoint} answered within the last three minutes.`)
  return warning(
    `The VPN ${tunnel} is up, but ${endpoint} has not answered for three minutes or more.`,
    'Check the address and port of the router, its port forward, and that it still knows the key of this computer.',
  )
}
