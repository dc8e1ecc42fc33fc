/** Where the parts of a perimeter lie on a router with Linux. */
export const NFT_FILE = '/etc/sovereign/router.nft'
export const FORWARDING_FILE = '/etc/sovereign/forwarding.conf'
export const FIREWALL_UNIT = 'sovereign-router-firewall.service'
export const VLAN_UNIT = 'sovereign-server-vlan.service'

export function unitPath(name: string): string {
  return `/etc/systemd/system/${name}`
}

/** Made on the router and never read by anybody but its root. */
export function keyFile(device: string): string {
  return `/etc/wireguard/sovereign-${device}.key`
}
