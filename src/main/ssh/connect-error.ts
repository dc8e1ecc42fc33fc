import { AppError } from '../../shared/errors/app-error.ts'
import type { ErrorCode } from '../../shared/errors/codes.ts'

/** How far a connection had come when it broke; the same errno means different things at different stages. */
export type ConnectStage = 'connecting' | 'handshake' | 'authenticating' | 'open'

const SYSTEM_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOTFOUND: 'ssh.name-not-resolved',
  EAI_AGAIN: 'ssh.name-not-resolved',
  EAI_NODATA: 'ssh.name-not-resolved',
  EAI_FAIL: 'ssh.name-not-resolved',
  ECONNREFUSED: 'ssh.connection-refused',
  EHOSTUNREACH: 'ssh.unreachable',
  ENETUNREACH: 'ssh.unreachable',
  EHOSTDOWN: 'ssh.unreachable',
  ENETDOWN: 'ssh.unreachable',
  EADDRNOTAVAIL: 'ssh.unreachable',
  ETIMEDOUT: 'ssh.unreachable',
  ECONNRESET: 'ssh.connection-lost',
  EPIPE: 'ssh.connection-lost',
}

/** A timeout of ours, which has no errno. */
export function timedOut(place: string, timeoutMs: number): AppError {
  return new AppError('ssh.unreachable', `${place} did not answer within ${secondsOf(timeoutMs)} s.`)
}

/** The connection was taken, and then too little came over it. */
export function fellSilent(
  place: string,
  { stage, hasGreeted, timeoutMs }: { stage: ConnectStage; hasGreeted: boolean; timeoutMs: number },
): AppError {
  const seconds = secondsOf(timeoutMs)
  const how = hasGreeted
    ? `greeted as an SSH server, but did not finish the ${stage === 'handshake' ? 'key exchange' : 'login'} within ${seconds} s`
    : `accepted the connection but said nothing for ${seconds} s`
  return new AppError('ssh.silent', `${place} ${how}.`)
}

function secondsOf(ms: number): number {
  return Math.round(ms / 1000)
}

/**
 * sshd closes without a word when MaxStartups is reached or, from 9.8 on, when it penalises the address
 * (sshd_config(5), PerSourcePenalties).
 */
export function turnedAway(
  place: string,
  { quote, cause }: { readonly quote?: string; readonly cause?: unknown } = {},
): AppError {
  const words = quote === undefined ? '' : ` with the words ${quote}`
  return new AppError(
    'ssh.turned-away',
    `${place} closed the connection before logging in${words}: its sshd limits new connections (MaxStartups) or this address for a while (PerSourcePenalties).`,
    { cause },
  )
}

/** Gives one name to what a socket or ssh2 reports, whichever layer noticed first. */
export function toConnectError(error: unknown, place: string, stage: ConnectStage): AppError {
  if (error instanceof AppError) return error
  const { code, level, message, hostname, port, syscall } = describe(error)
  // A name that is none, such as one that is too long, fails with other codes too.
  const isName = syscall === 'getaddrinfo'
  const known = isName ? 'ssh.name-not-resolved' : typeof code === 'string' ? SYSTEM_CODES[code] : undefined
  if (stage === 'connecting' && known !== undefined) {
    return new AppError(known, connectingText(known, place, { errno: String(code), hostname, port }), {
      cause: error,
    })
  }
  if (level === 'client-authentication') {
    return new AppError('ssh.auth-failed', `${place} refused every key and password that was offered.`, {
      cause: error,
    })
  }
  if (stage === 'handshake') return handshakeError(known, message, place, error)
  // A refusal on the last lines of a login, such as "Too many authentication failures".
  if (stage === 'authenticating' && typeof code === 'number') {
    return new AppError('ssh.auth-failed', `${place} ended the login: ${message}.`, { cause: error })
  }
  return new AppError('ssh.connection-lost', `The connection to ${place} was cut (${code ?? message}).`, {
    cause: error,
  })
}

function handshakeError(
  known: ErrorCode | undefined,
  message: string,
  place: string,
  cause: unknown,
): AppError {
  if (known === 'ssh.connection-lost' || message.includes('Connection lost before handshake')) {
    return turnedAway(place, { cause })
  }
  return new AppError('ssh.handshake-failed', `${place} and this machine could not agree: ${message}.`, {
    cause,
  })
}

function connectingText(
  code: ErrorCode,
  place: string,
  { errno, hostname, port }: { errno: string; hostname: unknown; port: unknown },
): string {
  switch (code) {
    case 'ssh.name-not-resolved':
      return typeof hostname === 'string' && hostname !== place
        ? `The name of ${place}, ${hostname}, has no address (${errno}).`
        : `The name of ${place} has no address (${errno}).`
    case 'ssh.connection-refused':
      return `${place} refused the connection: nothing listens on ${typeof port === 'number' ? `port ${port}` : 'that port'}.`
    case 'ssh.connection-lost':
      return `${place} dropped the connection while it was being opened (${errno}).`
    default:
      return `${place} cannot be reached (${errno}).`
  }
}

interface Described {
  readonly message: string
  readonly code?: unknown
  readonly level?: unknown
  readonly hostname?: unknown
  readonly port?: unknown
  readonly syscall?: unknown
}

function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, level, hostname, port, syscall } = error as Error & Described
  return { code, level, hostname, port, syscall, message: error.message.replace(/\.$/, '') }
}
