import type { Perimeter } from '../../file/schema.ts'
import { vpnOf } from '../../policy/layout.ts'
import { dhcpSections } from './dhcp.ts'
import { firewallSections } from './firewall.ts'
import { networkSections, takenPorts } from './network.ts'
import { type Section, sectionCommands } from './section.ts'

/** On OpenWrt the bridge of the LAN is the first device unless somebody changed that; "preflight" looks. */
const LAN_BRIDGE = 'network.@device[0]'

export function openWrtSections(perimeter: Perimeter): Section[] {
  return [...networkSections(perimeter), ...firewallSections(perimeter), ...dhcpSections(perimeter)]
}

/**
 * For "uci batch", which says what is wrong and goes on: run twice it makes the same. Sections of a perimeter that was
 * there before are deleted before it, by their names.
 */
export function uciBatch(perimeter: Perimeter): string {
  const sections = openWrtSections(perimeter)
  const rules = sections.filter(({ type }) => type === 'rule')
  return text([
    ...sections.map(({ config, name }) => `delete ${config}.${name}`),
    ...takenPorts(perimeter).map((port) => `del_list ${LAN_BRIDGE}.ports='${port}'`),
    ...sections.flatMap(sectionCommands),
    // Before every rule that is there already: the first one that fits decides.
    ...rules.map(({ config, name }, index) => `reorder ${config}.${name}='${index}'`),
  ])
}

/** Takes everything of the batch back; what the LAN lost it has again. */
export function uciRevert(perimeter: Perimeter): string {
  return text([
    ...openWrtSections(perimeter).map(({ config, name }) => `delete ${config}.${name}`),
    ...takenPorts(perimeter).flatMap((port) => [
      `del_list ${LAN_BRIDGE}.ports='${port}'`,
      `add_list ${LAN_BRIDGE}.ports='${port}'`,
    ]),
  ])
}

/** How many sections of ours there are afterwards: the batch does not tell whether it went well. */
export function countOurs(perimeter: Perimeter): number {
  const vpn = vpnOf(perimeter)
  return openWrtSections(perimeter).filter(({ name }) => name !== vpn?.interface).length
}

function text(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`
}
