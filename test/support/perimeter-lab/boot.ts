import { SNIFFER_RULES } from './judge.ts'
import type { Lab } from './lab.ts'
import { routerInterfaces } from './topology.ts'
import type { Host } from './world.ts'

/** One thing that happens while a router starts. */
export interface BootStep {
  readonly what: string
  readonly script: string
}

interface Unit {
  readonly name: string
  readonly after: readonly string[]
  readonly before: readonly string[]
  readonly scripts: readonly string[]
}

/** systemd.special(7): whatever configures interfaces comes after the one and is done before the other. */
const BEFORE_NETWORK = 'network-pre.target'
const AFTER_NETWORK = 'network-online.target'

/**
 * Everything that a router forgets when it loses power: rules, connections, addresses, the tunnel, and that it is a
 * router at all. Cables and files stay.
 */
export async function losePower({ hosts: { router }, scenario }: Lab): Promise<void> {
  await router.sh(`
    wg-quick down wg0 2>/dev/null || true
    sysctl -q -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
    nft flush ruleset
    conntrack -F 2>/dev/null
    ${scenario.isolation === 'port' ? 'ip link delete br-lan' : ''}
    for device in $(ls /sys/class/net) wan0 lan0 lan0.20 lan1 lan2 lan3; do
      case "$device" in lo|bridge*) continue ;; esac
      ip link show "$device" > /dev/null 2>&1 || continue
      ip address flush dev "$device"; ip -6 address flush dev "$device"; ip link set "$device" down
    done`)
  const { code, stderr } = await router.run(['nft', '-f', '-'], SNIFFER_RULES)
  if (code !== 0) throw new Error(stderr)
}

/**
 * What happens at boot, in the worst order that the units allow: the network comes up as early, and the firewall as
 * late as nothing forbids.
 */
export async function bootSteps({ hosts: { router }, scenario }: Lab): Promise<BootStep[]> {
  const enabled = [...new Set((await router.sh('cat /run/lab-enabled')).trim().split('\n'))]
  const network: Unit = {
    name: 'network',
    after: [BEFORE_NETWORK],
    before: [AFTER_NETWORK],
    scripts: [routerInterfaces(scenario)],
  }
  const units = await Promise.all(enabled.map((name) => unitOf(router, name)))
  return inOrder([network, ...units]).flatMap(({ name, scripts }) =>
    scripts.map((script) => ({ what: name, script })),
  )
}

async function unitOf(router: Host, name: string): Promise<Unit> {
  const device = /^wg-quick@(.+)\.service$/.exec(name)?.[1]
  const files = `/etc/systemd/system/${name} /etc/systemd/system/${name}.d/*.conf`
  const text = await router.sh(`cat ${files} 2>/dev/null || true`)
  const words = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].flatMap((match) => (match[1] ?? '').split(/\s+/))
  const commands = [...text.matchAll(/^ExecStart=(-?)(.*)$/gm)].map(
    ([, mayFail, command]) => `${command}${mayFail === '-' ? ' 2>/dev/null || true' : ''}`,
  )
  return {
    name,
    // What the package of wg-quick brings along.
    after: [...words('After'), ...(device === undefined ? [] : [AFTER_NETWORK])],
    before: words('Before'),
    scripts: device === undefined ? commands : [`wg-quick up ${device}`],
  }
}

/** A unit may start once nothing that is left has to come before it; the first that may, does. */
function inOrder(units: readonly Unit[]): Unit[] {
  const left = [...units]
  const done: Unit[] = []
  const mustWait = (unit: Unit) =>
    left.some(
      (other) =>
        other !== unit &&
        (unit.after.includes(other.name) ||
          other.before.includes(unit.name) ||
          // A target that one comes before and the other after stands between them.
          other.before.some((target) => unit.after.includes(target))),
    )
  while (left.length > 0) {
    const next = left.findIndex((unit) => !mustWait(unit))
    if (next < 0) throw new Error(`The units wait for each other: ${left.map(({ name }) => name).join(', ')}`)
    done.push(...left.splice(next, 1))
  }
  return done
}
