import { readFileSync } from 'node:fs'
import { establish } from '../../src/main/ssh/establish.ts'
import { HEARTBEAT } from '../../src/main/ssh/heartbeat.ts'
import type { SshLink } from '../../src/main/ssh/link.ts'
import type { ResolvedHost } from '../../src/main/ssh/resolved-host.ts'
import { type LinkTimings, SupervisedLink } from '../../src/main/ssh/supervised-link.ts'
import { type Ambient, REAL_AMBIENT } from '../../src/node/ambient.ts'
import { createLogger } from '../../src/node/log.ts'
import type { LinkState } from '../../src/shared/state/link.ts'
import { RECONNECT_BACKOFF } from '../../src/shared/util/backoff.ts'
import type { Sshd } from './start-sshd.ts'

export const LINK_TIMINGS: LinkTimings = {
  backoff: RECONNECT_BACKOFF,
  heartbeat: HEARTBEAT,
  provenAfterMs: 10_000,
  listenRetryMs: 250,
  verifyMs: 10_000,
}

/** The host as the SSH config would have described it. */
export function resolvedHost(sshd: Sshd, overrides: Partial<ResolvedHost> = {}): ResolvedHost {
  return {
    displayName: `${sshd.userName}@${sshd.host}:${sshd.port}`,
    hostName: sshd.host,
    port: sshd.port,
    user: sshd.userName,
    hostKeyAlias: undefined,
    identityFiles: [sshd.clientKeyFile],
    certificateFiles: [],
    identityAgent: undefined,
    identitiesOnly: true,
    userKnownHostsFiles: [sshd.knownHostsFile],
    globalKnownHostsFiles: [],
    hashKnownHosts: false,
    connectTimeoutMs: 10_000,
    serverAliveIntervalMs: 0,
    serverAliveCountMax: 3,
    jumps: [],
    ...overrides,
  }
}

export interface MakeLinkOptions {
  readonly timings?: Partial<LinkTimings>
  readonly ambient?: Ambient
  readonly verify?: (link: SshLink) => Promise<void>
}

/** A supervised link that logs in with the first key file and trusts the host: for what happens below that. */
export function makeLink(host: ResolvedHost, options: MakeLinkOptions = {}): SshLink {
  return new SupervisedLink({
    place: host.displayName,
    log: createLogger('link', 'silent'),
    ambient: options.ambient ?? REAL_AMBIENT,
    verify: options.verify,
    timings: { ...LINK_TIMINGS, ...options.timings },
    establish: (onStep, signal) =>
      establish({
        host,
        trust: { knownKeyTypes: async () => ['ssh-ed25519'], check: async () => undefined },
        logIn: async ({ user, identityFiles }) => {
          const key = readFileSync(identityFiles[0] as string)
          let tries = 0
          return {
            authHandler: () => (tries++ > 0 ? false : { type: 'publickey', username: user, key }),
            failure: () => undefined,
            dispose: () => undefined,
          }
        },
        onStep,
        isWaitingForUser: () => false,
        signal,
      }),
  })
}

/** Resolves with the first state that fits, the present one included. */
export function stateOf<P extends LinkState['phase']>(
  link: SshLink,
  phase: P,
  timeoutMs = 15_000,
): Promise<Extract<LinkState, { phase: P }>> {
  return new Promise((resolve, reject) => {
    const isWanted = (state: LinkState): state is Extract<LinkState, { phase: P }> => state.phase === phase
    if (isWanted(link.state)) {
      resolve(link.state)
      return
    }
    const timer = setTimeout(() => {
      unsubscribe()
      reject(new Error(`The link did not become ${phase}; it is ${JSON.stringify(link.state)}.`))
    }, timeoutMs)
    const unsubscribe = link.onState((state) => {
      if (!isWanted(state)) return
      clearTimeout(timer)
      unsubscribe()
      resolve(state)
    })
  })
}
