import { isIPv4 } from 'node:net'
import { contains, networkOf } from '../../src/perimeter/file/network.ts'

export interface PfRule {
  readonly action: 'pass' | 'block'
  readonly direction?: 'in' | 'out'
  readonly device?: string
  readonly family?: 'inet' | 'inet6'
  readonly protocols?: readonly string[]
  readonly from?: readonly string[]
  readonly fromPort?: number
  readonly to?: readonly string[]
  readonly ports?: readonly number[]
}

/** What is left of the grammar of pf.conf(5) in rules like ours; anything else is refused. */
const LIST = String.raw`(?:\{ [^{}]+ \}|[^\s{}]+)`
const RULE = new RegExp(
  [
    '^(?<action>pass|block)(?: (?:drop|return))?',
    '(?: (?<direction>in|out))?',
    ' quick',
    String.raw`(?: on (?<device>\w+))?`,
    '(?: (?<family>inet6?))?',
    `(?: proto (?<protocols>${LIST}))?`,
    `(?: all| from (?<from>${LIST})(?: port (?<fromPort>\\d+))? to (?<to>${LIST})(?: port (?<ports>${LIST}))?)`,
    `(?: icmp6-type (?<types>${LIST}))?`,
    '(?: flags S/SA)?(?: keep state)?$',
  ].join(''),
)

/** @throws Error naming the line that is no rule. */
export function parsePf(text: string): PfRule[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const groups = RULE.exec(line)?.groups
      if (groups === undefined) throw new Error(`This is no rule of pf: ${line}`)
      const list = (text: string | undefined) =>
        text === undefined ? undefined : text.replace(/^\{ | \}$/g, '').split(', ')
      const fields = {
        action: groups.action,
        direction: groups.direction,
        device: groups.device,
        family: groups.family,
        protocols: list(groups.protocols),
        from: list(groups.from),
        fromPort: groups.fromPort === undefined ? undefined : Number(groups.fromPort),
        to: list(groups.to),
        ports: list(groups.ports)?.map(Number),
      }
      return Object.fromEntries(
        Object.entries(fields).filter(([, value]) => value !== undefined),
      ) as unknown as PfRule
    })
}

export interface PfPacket {
  readonly direction: 'in' | 'out'
  readonly device: string
  readonly protocol: 'tcp' | 'udp'
  readonly from: string
  readonly to: string
  readonly port: number
}

/** The first rule that matches, as all of ours are quick; pf passes what none does. */
export function decidePf(rules: readonly PfRule[], packet: PfPacket): 'pass' | 'block' {
  const family = isIPv4(packet.to) ? 'inet' : 'inet6'
  const matches = (rule: PfRule) =>
    (rule.direction ?? packet.direction) === packet.direction &&
    (rule.device ?? packet.device) === packet.device &&
    (rule.family ?? family) === family &&
    (rule.protocols ?? [packet.protocol]).includes(packet.protocol) &&
    rule.fromPort === undefined &&
    within(rule.from, packet.from) &&
    within(rule.to, packet.to) &&
    (rule.ports ?? [packet.port]).includes(packet.port)
  return rules.find(matches)?.action ?? 'pass'
}

function within(places: readonly string[] | undefined, address: string): boolean {
  if (places === undefined) return true
  return places.some((place) => {
    if (place === 'any') return true
    const bits = isIPv4(place) ? 32 : 128
    return contains(networkOf(place.includes('/') ? place : `${place}/${bits}`), address)
  })
}
