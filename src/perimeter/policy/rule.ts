/** Where packets come from or go to, as the router sees it. `server` is an own zone only where it has a network of its own. */
export type Zone = 'wan' | 'lan' | 'server' | 'vpn' | 'router'

/**
 * One line of the policy, the same for every system it is rendered for. What no rule accepts is refused, so there is
 * no rule that could be left out without changing what arrives.
 */
export interface Rule {
  /** Such as `vpn-to-server`; stands as comment or name in what is rendered, and in its counters. */
  readonly id: string
  readonly from: Zone
  readonly to: Zone
  readonly action: 'accept' | 'reject'
  /** Unless told, every protocol. */
  readonly protocol?: 'tcp' | 'udp'
  readonly ports?: readonly number[]
  /** Unless told, every address of the zone. Both families; a rule without one of the family is left out for it. */
  readonly sources?: readonly string[]
  readonly destinations?: readonly string[]
  /** For the owner who reads what was rendered. */
  readonly why: string
}
