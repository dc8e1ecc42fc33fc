import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { LinkStep } from '../../shared/state/link.ts'
import { RECONNECT_BACKOFF } from '../../shared/util/backoff.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import { createLogIn } from './auth/login.ts'
import { establish } from './establish.ts'
import { HEARTBEAT, type HeartbeatTimings, heartbeatFor } from './heartbeat.ts'
import { knownHostsTrust } from './known-hosts/host-trust.ts'
import type { PromptBroker, SshLink, SshTarget } from './link.ts'
import type { ResolvedHost } from './resolved-host.ts'
import type { SessionMemory } from './session-memory.ts'
import { type LinkTimings, SupervisedLink } from './supervised-link.ts'

export type LinkTimingOverrides = Partial<LinkTimings> & { readonly heartbeat?: HeartbeatTimings }

export interface SshLinkOptions {
  readonly target: SshTarget
  /** Reads the SSH config; called before every attempt, so that a corrected file counts at once. */
  readonly resolve: () => Promise<ResolvedHost>
  readonly prompts: PromptBroker
  /** Keeps passphrases that the user wants remembered, right now; undefined when nothing does. */
  readonly secrets: () => SecretStore | undefined
  /** Lets a later run know its own old sessions; without one only those of this run are recognised. */
  readonly sessions?: SessionMemory
  readonly ambient: Ambient
  readonly log: Logger
  /** Further proof before "connected", such as GET /health through a channel; rejects when there is none. */
  readonly verify?: (link: SshLink) => Promise<void>
  /** For tests. */
  readonly timings?: LinkTimingOverrides
}

const LINK_TIMINGS: LinkTimings = {
  backoff: RECONNECT_BACKOFF,
  provenAfterMs: 10_000,
  listenRetryMs: 250,
  verifyMs: 10_000,
}

/** A supervised SSH connection to `target`; it does nothing until `start`. */
export function createSshLink(options: SshLinkOptions): SshLink {
  const { ambient, log, prompts, resolve, secrets, sessions, target, timings, verify } = options
  const { heartbeat: own = HEARTBEAT, ...linkTimings } = timings ?? {}
  let heartbeat = own
  let openQuestions = 0
  let showStep: (step: LinkStep) => void = () => undefined
  const asking: PromptBroker = {
    ask: async (question, signal) => {
      openQuestions += 1
      showStep('waiting-for-you')
      try {
        return await prompts.ask(question, signal)
      } finally {
        openQuestions -= 1
        showStep('authenticating')
      }
    },
  }
  const trust = knownHostsTrust({ prompts: asking, log })
  // One for the life of the link: opened keys are remembered from one connection to the next.
  const logIn = createLogIn({ prompts: asking, secrets, log })
  return new SupervisedLink({
    place: placeOf(target),
    ambient,
    log,
    verify,
    sessions,
    timings: { ...LINK_TIMINGS, ...linkTimings },
    heartbeat: () => heartbeat,
    establish: async (onStep, signal) => {
      showStep = onStep
      const host = await resolve()
      heartbeat = heartbeatFor(host, own)
      return establish({ host, trust, logIn, onStep, isWaitingForUser: () => openQuestions > 0, signal })
    },
  })
}

function placeOf(target: SshTarget): string {
  if ('alias' in target) return target.alias
  const { host, port, user } = target
  return `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`
}
