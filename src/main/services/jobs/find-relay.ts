import { AppError } from '../../../shared/errors/app-error.ts'
import type { Health } from '../../../shared/protocol/relay-auth.ts'
import { httpOver } from '../../bridge/http-over.ts'
import { readHealth } from '../../bridge/relay-health.ts'
import type { SshLink } from '../../ssh/link.ts'

const ANSWER_WITHIN_MS = 10_000

/**
 * What the relay on a port of the host's loopback says of itself; undefined when nothing listens there.
 * @throws AppError `relay.not-a-relay` when something else does, and whatever keeps us from asking.
 */
export async function findRelay(
  link: SshLink,
  place: string,
  port: number,
  signal: AbortSignal,
): Promise<Health | undefined> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])
  try {
    const channel = await link.openChannel({ host: '127.0.0.1', port }, limited)
    const answer = await httpOver(channel, { method: 'GET', path: '/health', signal: limited })
    return readHealth(answer, `${place}:${port}`)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    if (error.code === 'ssh.forward-target-refused') return undefined
    if (error.code === 'relay.unreachable')
      throw new AppError('relay.not-a-relay', `Something on ${place} has port ${port} and is no relay.`, {
        cause: error,
        remedy: 'Choose another port.',
      })
    throw error
  }
}

/** `Sovereign Bridge 0.1.0, signed in to Copilot`. */
export function describeRelay({ version, upstreams }: Health): string {
  const signedIn = Object.entries(upstreams).flatMap(([name, isSignedIn]) =>
    isSignedIn ? [NAMES[name] ?? name] : [],
  )
  const account = signedIn.length === 0 ? 'not signed in yet' : `signed in to ${signedIn.join(' and ')}`
  return `Sovereign Bridge ${version}, ${account}`
}

const NAMES: Readonly<Record<string, string>> = { copilot: 'Copilot', openrouter: 'OpenRouter' }
