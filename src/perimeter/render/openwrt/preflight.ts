import type { Perimeter } from '../../file/schema.ts'
import { vpnOf } from '../../policy/layout.ts'
import { takenPorts } from './network.ts'

/**
 * A script that looks before anything is changed: whether the router is as the rules take for granted. A default that
 * somebody has changed, or a port that somebody has opened, would make a perimeter on paper only.
 */
export function preflightScript(perimeter: Perimeter): string {
  const { router } = perimeter
  const { isolation } = perimeter.server
  const vpn = vpnOf(perimeter)
  const bridge = takenPorts(perimeter).length > 0 ? [checkBridge(router.lan.device)] : []
  return `${[
    '#!/bin/sh',
    '# Written by "sovereign perimeter". Changes nothing; ends with 1 and says why where the router is not as expected.',
    'bad=0',
    'say() { echo "sovereign: $*" >&2; bad=1; }',
    'get() { uci -q get "$1"; }',
    // Without it nothing else that is asked means anything.
    'command -v uci >/dev/null || {',
    `  say 'this machine does not run OpenWrt; "router.system" in the perimeter file is to be another'`,
    '  exit 1',
    '}',
    'command -v fw4 >/dev/null || say "this OpenWrt has no firewall4; 22.03 or later is needed"',
    'for c in network firewall dhcp; do',
    '  [ -z "$(uci -q changes $c)" ] || say "somebody has changed $c and not saved it yet: see uci changes $c"',
    'done',
    CHECK_ZONES,
    CHECK_OPEN,
    ...bridge,
    ...(isolation.kind === 'port' ? [checkPorts([isolation.port, ...isolation.others])] : []),
    ...(vpn === undefined ? [] : [checkInterface(vpn.interface)]),
    `ip -4 addr show dev ${router.lan.device} 2>/dev/null | grep -q 'inet ${router.lan.address} ' ||`,
    `  say "the address of ${router.lan.device} is not ${router.lan.address}"`,
    'exit $bad',
  ].join('\n')}\n`
}

const CHECK_ZONES = `lan=0; wan=0; n=0
while get "firewall.@zone[$n]" >/dev/null; do
  z="firewall.@zone[$n]"; name=$(get "$z.name")
  if [ "$name" = lan ]; then
    lan=1
    [ "$(get "$z.input")" = ACCEPT ] || say "the zone lan does not accept input, so nobody could manage the router"
  fi
  if [ "$name" = wan ]; then
    wan=1
    [ "$(get "$z.input")" = ACCEPT ] && say "the zone wan accepts input: the router is open to the internet"
    [ "$(get "$z.forward")" = ACCEPT ] && say "the zone wan forwards: what is behind the router is open"
    [ "$(get "$z.masq")" = 1 ] || say "the zone wan does not masquerade"
  fi
  n=$((n + 1))
done
[ $lan = 1 ] || say "there is no zone lan"
[ $wan = 1 ] || say "there is no zone wan"
[ "$(get 'firewall.@defaults[0].forward')" = ACCEPT ] && say "the firewall forwards by default"
n=0; out=0
while get "firewall.@forwarding[$n]" >/dev/null; do
  f="firewall.@forwarding[$n]"; src=$(get "$f.src"); dest=$(get "$f.dest")
  [ "$src:$dest" = lan:wan ] && out=1
  [ "$src" = wan ] && say "a forwarding opens $dest to the internet"
  n=$((n + 1))
done
[ $out = 1 ] || say "nothing forwards from lan to wan"`

const CHECK_OPEN = `n=0
while get "firewall.@rule[$n]" >/dev/null; do
  r="firewall.@rule[$n]"; src=$(get "$r.src"); name=$(get "$r.name"); n=$((n + 1))
  [ "$(get "$r.target")" = ACCEPT ] && [ "$(get "$r.enabled")" != 0 ] || continue
  [ "$src" = wan ] || [ "$src" = '*' ] || continue
  case "$name" in
    Allow-DHCP-Renew | Allow-Ping | Allow-IGMP | Allow-DHCPv6 | Allow-MLD) ;;
    Allow-ICMPv6-Input | Allow-ICMPv6-Forward | Allow-IPSec-ESP | Allow-ISAKMP | wan-to-wireguard) ;;
    *) say "the rule \${name:-number $n} lets the internet in; remove it or disable it" ;;
  esac
done
n=0
while get "firewall.@redirect[$n]" >/dev/null; do
  r="firewall.@redirect[$n]"; n=$((n + 1))
  [ "$(get "$r.enabled")" = 0 ] || [ "$(get "$r.target")" = SNAT ] || [ "$(get "$r.src")" != wan ] ||
    say "a port is forwarded from the internet to $(get "$r.dest_ip"); remove or disable \${r#firewall.}"
done`

function checkBridge(lan: string): string {
  return `[ "$(get 'network.@device[0].name')" = ${lan} ] || say "${lan} is not the first device in /etc/config/network"`
}

/** Two sections for one device: the later one would take the place of the other, with its hardware address and all. */
function checkPorts(ports: readonly string[]): string {
  return `n=0
while get "network.@device[$n]" >/dev/null; do
  d="network.@device[$n]"; name=$(get "$d.name"); n=$((n + 1))
  [ "$(get "$d.sovereign")" = 1 ] && continue
  case " ${ports.join(' ')} " in
    *" $name "*) say "the port $name has settings of its own, which would be lost; use another isolation" ;;
  esac
done`
}

function checkInterface(name: string): string {
  return `if get network.${name} >/dev/null; then
  [ "$(get network.${name}.sovereign)" = 1 ] || say "somebody else's interface is called ${name}; choose another name"
fi`
}
