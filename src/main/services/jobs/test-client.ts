import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { JobOrder } from '../../../shared/bridge-api/calls.ts'
import { AppError, fromFailure } from '../../../shared/errors/app-error.ts'
import type { ListenAddress, ListenerState } from '../../../shared/state/bridge-state.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { formatListenAddress, parseListenAddress } from '../../settings/address.ts'
import type { ReverseListener, SshLink } from '../../ssh/link.ts'
import { HostVisit } from './host-visit.ts'
import type { JobPlan, StepContext, StepResult } from './job-plan.ts'

/** A session of ours that died holds its port until its server notices. */
const LISTEN_WITHIN_MS = 20_000
const ECHO_WITHIN_MS = 10_000

/** Whether a machine can become a client: opens the address there for a moment and sends a byte through. */
export function planTestClient(
  core: BridgeCore,
  { ssh, listen }: Extract<JobOrder, { kind: 'test-client' }>,
): JobPlan {
  const visit = new HostVisit(core, ssh)
  const address = checkedAddress(listen)
  const place = formatListenAddress(address)
  let isOurs = false
  return {
    kind: 'test-client',
    subject: ssh,
    steps: [
      ...visit.steps(),
      {
        id: 'listen',
        title: `Open ${place} on ${ssh}`,
        run: async ({ signal }) => {
          isOurs = isClientAlready(core, ssh, address)
          if (isOurs) return { skipped: 'The bridge is connected and listens there already.' }
          const listener = visit.link.listen(address, echo)
          await listening(listener, signal)
          return undefined
        },
      },
      {
        id: 'through',
        title: `Send something through it`,
        run: (context) =>
          isOurs
            ? Promise.resolve({ skipped: 'Requests go through it now.' })
            : sendThrough(visit.link, address, context),
      },
    ],
    close: () => visit.close(),
  }
}

/** The same rule as in the settings. @throws AppError `settings.invalid` */
function checkedAddress(text: string): ListenAddress {
  const address = parseListenAddress(text)
  const isUsable =
    address.kind === 'socket'
      ? address.path.startsWith('/')
      : /^(?:127(?:\.\d{1,3}){3}|localhost|::1)$/.test(address.host) &&
        address.port >= 1 &&
        address.port <= 65_535
  if (isUsable) return address
  throw new AppError('settings.invalid', `"${text}" is no address to listen on.`, {
    remedy: 'Use a loopback address with a port, such as 127.0.0.1:8080, or unix:/path/to.sock.',
  })
}

function isClientAlready({ state }: BridgeCore, ssh: string, address: ListenAddress): boolean {
  const text = formatListenAddress(address)
  return state.clients.some(
    ({ listen, listener, place }) =>
      place === ssh && formatListenAddress(listen) === text && listener.phase === 'listening',
  )
}

function listening(listener: ReverseListener, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let last: ListenerState = listener.state
    const settle = (state: ListenerState): boolean => {
      last = state
      if (state.phase === 'listening') resolve()
      else if (state.phase === 'failed') reject(withOffer(state))
      else return false
      return true
    }
    if (settle(listener.state)) return
    const finish = (): void => {
      unsubscribe()
      limited.removeEventListener('abort', giveUp)
    }
    const limited = AbortSignal.any([signal, AbortSignal.timeout(LISTEN_WITHIN_MS)])
    const giveUp = (): void => {
      finish()
      const cause = last.phase === 'opening' ? last.cause : undefined
      if (signal.aborted) reject(signal.reason)
      else if (cause !== undefined) reject(fromFailure(cause))
      else reject(new AppError('ssh.forwarding-refused', 'The SSH server does not say whether it listens.'))
    }
    const unsubscribe = listener.onState((state) => {
      if (settle(state)) finish()
    })
    limited.addEventListener('abort', giveUp)
  })
}

function withOffer({ cause, otherPort }: Extract<ListenerState, { phase: 'failed' }>): AppError {
  if (otherPort === undefined) return fromFailure(cause)
  return fromFailure({
    ...cause,
    remedy: `Use port ${otherPort}, which is free there, or stop that program.`,
  })
}

/** What arrives at the address comes back to whoever sent it. */
function echo(channel: Duplex): void {
  channel.on('error', () => undefined)
  channel.pipe(channel)
}

async function sendThrough(
  link: SshLink,
  address: ListenAddress,
  { signal }: StepContext,
): Promise<StepResult> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ECHO_WITHIN_MS)])
  const target = address.kind === 'tcp' ? address : { socketPath: address.path }
  let channel: Duplex
  try {
    channel = await link.openChannel(target, limited)
  } catch (error) {
    if (error instanceof AppError && error.code === 'ssh.forwarding-refused')
      return { skipped: 'The SSH server does not let us try it from its side; its own programs can.' }
    throw error
  }
  channel.on('error', () => undefined)
  try {
    const back = once(channel, 'data', { signal: limited })
    channel.write('?')
    await back
    return 'A byte went there and came back.'
  } catch (cause) {
    signal.throwIfAborted()
    throw new AppError('ssh.forwarding-refused', 'The address is open, but nothing comes through it.', {
      cause,
    })
  } finally {
    channel.destroy()
  }
}
