import type { ResolvedHost } from '../../src/main/ssh/resolved-host.ts'

/** A host as the SSH config would have described it: nothing is on record, no key, no agent. */
export function makeHost(overrides: Partial<ResolvedHost> = {}): ResolvedHost {
  return {
    displayName: 'pi',
    hostName: 'pi.lab',
    port: 22,
    user: 'me',
    hostKeyAlias: undefined,
    identityFiles: [],
    certificateFiles: [],
    identityAgent: undefined,
    identitiesOnly: false,
    userKnownHostsFiles: [],
    globalKnownHostsFiles: [],
    hashKnownHosts: false,
    unknownHosts: 'ask',
    connectTimeoutMs: 10_000,
    serverAliveIntervalMs: 0,
    serverAliveCountMax: 3,
    jumps: [],
    ...overrides,
  }
}
