/** A perimeter to begin with: valid as it stands, and every line says what it is for. */
export const INIT_TEXT = `{
  // The perimeter around your own model server. Change what differs at your place, then run
  // "sovereign perimeter check". No secret belongs in here.
  "version": 1,

  "router": {
    // "openwrt" (23.05 or later), or "linux" with nftables and wg-quick.
    "system": "openwrt",
    // How you reach it from your LAN: an alias of ~/.ssh/config or user@host.
    "ssh": "root@192.168.250.1",
    // The side of the internet, or of the ISP router in front.
    "wan": { "device": "wan" },
    // The address of the router in your LAN, with the size of the LAN.
    "lan": { "device": "br-lan", "address": "192.168.250.1/24" },
  },

  "server": {
    // "macos" or "linux".
    "system": "macos",
    "address": "192.168.251.20",
    // Its hardware address, for a lease that never changes.
    // "mac": "00:11:22:33:44:55",
    // How you reach it, for "sovereign perimeter apply --target server".
    // "ssh": "me@192.168.251.20",
    // Its wired interface, such as en0 or eth0.
    // "device": "en0",
    // Where Ollama listens.
    "port": 11434,
    // What keeps the server from its neighbours. Rules on a router do not see what a switch carries by itself.
    //   vlan: a network of its own; on OpenWrt name the ports of the router that it is plugged into, or none where
    //         a switch of yours tags VLAN 20. Its address is then in this network and not in that of the LAN.
    //   port: the same network, but the switch carries nothing between its port and the others:
    //         { "kind": "port", "port": "lan4", "others": ["lan1", "lan2", "lan3"] }
    //   host: the same network; a firewall on the server itself is all there is: { "kind": "host" }
    "isolation": { "kind": "vlan", "id": 20, "address": "192.168.251.1/24", "ports": ["lan4"] },
  },

  "wireguard": {
    // The address of the router in the VPN, with the size of the VPN.
    "address": "10.10.10.1/24",
    // UDP; the only port that is open to the internet. An ISP router in front has to forward it.
    "port": 51820,
    // Where clients find you: a name or an address that the internet knows. This one is only an example.
    "endpoint": "vpn.example.org:51820",
  },

  // Machines of the LAN that may manage the server, by their addresses, such as ["192.168.250.10"]. Without the one
  // that you sit at, you cannot reach the server from there any more.
  "admins": [],

  // Written by "sovereign perimeter peers add NAME".
  "peers": [],

  "options": {
    // Whether peers of the VPN reach SSH on the server.
    "sshFromVpn": false,
    // What admins reach on the server.
    "adminPorts": [22],
    // Whether the server is kept from the internet too; models are then brought to it by hand.
    "airGapped": false,
    // No VPN: every machine of the LAN reaches the server. Leave out "wireguard" and "peers" then.
    "lanOnly": false,
  },
}
`
