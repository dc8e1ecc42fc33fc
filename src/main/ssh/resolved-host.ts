/** What to do about a host without a key on record (ssh_config StrictHostKeyChecking). */
export type UnknownHosts = 'ask' | 'refuse' | 'accept'

/** Everything a connection needs to know about a host, after the SSH config and the settings were read. */
export interface ResolvedHost {
  /** The alias or `user@host:port`: what people call it. */
  readonly displayName: string
  readonly hostName: string
  readonly port: number
  readonly user: string
  /** Looked up in known_hosts instead of the host name (ssh_config HostKeyAlias). */
  readonly hostKeyAlias: string | undefined
  /** Absolute paths, in the order to try. */
  readonly identityFiles: readonly string[]
  readonly certificateFiles: readonly string[]
  /** Socket path or Windows pipe of the agent; undefined when none is to be used. */
  readonly identityAgent: string | undefined
  /** Offer only `identityFiles`, also when the agent has more. */
  readonly identitiesOnly: boolean
  /** The first one receives keys that the user accepts. */
  readonly userKnownHostsFiles: readonly string[]
  readonly globalKnownHostsFiles: readonly string[]
  readonly hashKnownHosts: boolean
  readonly unknownHosts: UnknownHosts
  readonly connectTimeoutMs: number
  /** 0 means the config does not ask for it; the supervisor then uses its own interval. */
  readonly serverAliveIntervalMs: number
  readonly serverAliveCountMax: number
  /** ProxyJump hosts, the first one dialled first. */
  readonly jumps: readonly ResolvedHost[]
}
