/** What one agent is told to send. */
export interface Probe {
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
  /** Its own in the whole lab, so that a sniffer can tell whose packet it saw. */
  readonly localPort: number
  readonly localAddress?: string
  /** `token-` and letters; arrives in the request, the line or the datagram. */
  readonly token: string
  readonly http: boolean
  readonly timeoutMs: number
}

/** What the sender noticed; only what arrived counts, this is the evidence beside it. */
export interface ProbeOutcome {
  readonly kind: 'answered' | 'refused' | 'silent'
  readonly ms: number
  /** First line of the answer, or the system's error code. */
  readonly detail?: string
}

/** A token that a listener was given. */
export interface Arrival {
  readonly token: string
  readonly via: 'tcp' | 'udp' | 'http'
  readonly port: number
  readonly from: string
}

export interface RunResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export type AgentCall =
  | { readonly op: 'listen'; readonly tcp: number[]; readonly udp: number[]; readonly http: number[] }
  | { readonly op: 'probe'; readonly probes: readonly Probe[] }
  | { readonly op: 'arrivals' }
  | { readonly op: 'run'; readonly argv: readonly string[]; readonly input: string }
  | {
      readonly op: 'talk'
      readonly name: string
      readonly address: string
      readonly port: number
      readonly line: string
      readonly timeoutMs: number
    }
