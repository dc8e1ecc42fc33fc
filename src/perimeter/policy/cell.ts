/** Who sends and who is meant; `isp` is the network between the two routers, `peer` a second VPN client. */
export type Place = 'internet' | 'isp' | 'router' | 'server' | 'lan' | 'admin' | 'vpn' | 'peer'

/** One question of the firewall matrix: what may arrive, judged by what arrived. */
export interface Cell {
  /** Such as `vpn>server/tcp/11434/4`. */
  readonly id: string
  readonly from: Place
  readonly to: Place
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  readonly family: 4 | 6
  readonly expected: 'allowed' | 'denied'
  /** The line of the policy that it stands for. */
  readonly policy: string
}

export type Verdict = 'allowed' | 'denied'

/** What was seen when a cell was tried. */
export interface CellResult {
  readonly cell: Cell
  readonly verdict: Verdict
  /** Such as "connected, answered 200 in 3 ms" or "no answer within 1 s; nothing arrived". */
  readonly evidence: string
}
