import type { AuthHandlerMiddleware, CipherAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from 'ssh2'
import { Client } from 'ssh2'
import { AppError } from '../../shared/errors/app-error.ts'
import type { LinkStep } from '../../shared/state/link.ts'
import { type ConnectStage, fellSilent, timedOut, toConnectError, turnedAway } from './connect-error.ts'
import { Connection } from './connection.ts'
import { type DialedSocket, dialedChannel, dialTcp } from './dial.ts'
import { speedUpCipher, speedUpDecipher } from './fast-cipher.ts'
import { overhear } from './greeting.ts'
import type { ResolvedHost } from './resolved-host.ts'
import { protocolOf } from './ssh2-internals.ts'

/** Whether a host may be talked to; see known-hosts/. */
export interface HostTrust {
  /** Key types on record, such as `ssh-ed25519`; the server is asked for one of these first. */
  knownKeyTypes(host: ResolvedHost): Promise<readonly string[]>
  /** Resolves when the key may be trusted; rejects with a `ssh.host-key-*` AppError. May ask the user. */
  check(host: ResolvedHost, key: Buffer, signal: AbortSignal): Promise<void>
}

/** How to log in; see auth/. */
export interface Login {
  readonly authHandler: AuthHandlerMiddleware
  /** Called once, right after `connect`: ssh2 needs help with some keys. */
  attach?(client: Client): void
  /** Why the login failed, when more is known than "everything was refused". */
  failure(): AppError | undefined
  dispose(): void
}

export interface EstablishOptions {
  readonly host: ResolvedHost
  readonly trust: HostTrust
  readonly logIn: (host: ResolvedHost, signal: AbortSignal) => Promise<Login>
  readonly onStep: (step: LinkStep) => void
  /** True while a question to the user is open; deadlines stand still meanwhile. */
  readonly isWaitingForUser: () => boolean
  readonly signal: AbortSignal
}

/** GCM first: it is the cheapest for both ends, and fast-cipher.ts makes it so for ours. */
const CIPHERS: CipherAlgorithm[] = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
  'chacha20-poly1305@openssh.com',
]

const MACS: MacAlgorithm[] = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
]

const HOST_KEY_ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

/** Connects through every jump host and logs in; what was opened on the way is closed again on failure. */
export async function establish(options: EstablishOptions): Promise<Connection> {
  const { host } = options
  let below: Connection | undefined
  try {
    for (const hop of [...host.jumps, host]) below = await establishHop(hop, below, options)
  } catch (error) {
    below?.end(new AppError('ssh.connection-lost', 'The next host on the way could not be reached.'))
    throw error
  }
  // There is always a last hop.
  return below as Connection
}

async function establishHop(
  hop: ResolvedHost,
  below: Connection | undefined,
  options: EstablishOptions,
): Promise<Connection> {
  options.onStep('connecting')
  const place = placeOf(hop, options.host)
  // Before dialling: from the first moment of the socket on, ssh2 must see everything that happens to it.
  const serverHostKey = preferKnown(await options.trust.knownKeyTypes(hop))
  const login = await options.logIn(hop, options.signal)
  let dialed: DialedSocket | undefined
  try {
    dialed = await dial(hop, place, below, options.signal)
    return await shakeHands({ hop, place, dialed, login, serverHostKey }, options)
  } catch (error) {
    dialed?.transport.destroy()
    throw error
  } finally {
    login.dispose()
  }
}

/** What the user calls it; a jump host is named as such. */
function placeOf(hop: ResolvedHost, last: ResolvedHost): string {
  return hop === last ? hop.displayName : `jump host ${hop.displayName}`
}

async function dial(
  hop: ResolvedHost,
  place: string,
  below: Connection | undefined,
  signal: AbortSignal,
): Promise<DialedSocket> {
  if (below === undefined) {
    return dialTcp({ host: hop.hostName, port: hop.port, place, timeoutMs: hop.connectTimeoutMs }, signal)
  }
  try {
    const channel = await withDeadline(
      below.openChannel({ host: hop.hostName, port: hop.port }, signal),
      hop.connectTimeoutMs,
      () => timedOut(place, hop.connectTimeoutMs),
    )
    // The jump connection serves nobody else.
    return dialedChannel(channel, () => below.end(new AppError('ssh.connection-lost', `${place} was left.`)))
  } catch (error) {
    if (signal.aborted) throw error
    const why = error instanceof AppError ? error.message : String(error)
    throw new AppError('ssh.jump-failed', `${below.place} could not connect to ${place}: ${why}`, {
      cause: error,
    })
  }
}

interface Hop {
  readonly hop: ResolvedHost
  readonly place: string
  readonly dialed: DialedSocket
  readonly login: Login
  readonly serverHostKey: readonly ServerHostKeyAlgorithm[]
}

async function shakeHands(
  { hop, place, dialed, login, serverHostKey }: Hop,
  options: EstablishOptions,
): Promise<Connection> {
  const { signal, trust } = options
  const client = new Client()
  // One listener per channel and per waiting request is normal here.
  client.setMaxListeners(0)
  let stage: ConnectStage = 'handshake'
  let refusal: AppError | undefined
  let trustedKey: Buffer | undefined
  const timeoutMs = hop.connectTimeoutMs
  const greeting = overhear(dialed.stream, () => client.emit('error', greeting.failure(place, hop.port)))
  const stopClock = runDeadline(timeoutMs, options.isWaitingForUser, () => {
    client.emit('error', fellSilent(place, { stage, hasGreeted: greeting.isSsh, timeoutMs }))
  })
  const abort = () => client.emit('error', signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await new Promise<Connection>((resolve, reject) => {
      const fail = (error: unknown) => {
        if (signal.aborted) reject(signal.reason)
        else reject(refusal ?? greeting.failure(place, hop.port) ?? failureOf(error, place, stage, login))
      }
      // Kept until the connection is over: ssh2 may report more than one error.
      client.on('error', fail)
      client.once('close', () => fail(endedEarly(place, stage)))
      // After every exchange of keys, the later ones included.
      client.on('handshake', () => {
        const { _cipher: cipher, _decipher: decipher } = protocolOf(client)
        speedUpCipher(cipher)
        speedUpDecipher(decipher)
      })
      client.once('handshake', () => {
        stage = 'authenticating'
        options.onStep('authenticating')
      })
      client.once('ready', () => resolve(new Connection(client, dialed.transport, place)))
      client.connect({
        sock: dialed.stream,
        username: hop.user,
        readyTimeout: 0,
        keepaliveInterval: 0,
        algorithms: { cipher: CIPHERS, hmac: MACS, serverHostKey: [...serverHostKey], compress: ['none'] },
        authHandler: login.authHandler,
        hostVerifier: (key: Buffer, verify: (isTrusted: boolean) => void) => {
          // Also asked at every later exchange of keys. A late answer there breaks the connection in ssh2 1.17, which
          // lets packets out between the old and the new keys; the host may not change in between anyway.
          if (trustedKey !== undefined) {
            verify(trustedKey.equals(key))
            return
          }
          trust.check(hop, key, signal).then(
            () => {
              trustedKey = Buffer.from(key)
              verify(true)
            },
            (error: unknown) => {
              refusal = error instanceof AppError ? error : toConnectError(error, place, stage)
              fail(refusal)
              verify(false)
            },
          )
        },
      })
      login.attach?.(client)
    })
  } finally {
    stopClock()
    signal.removeEventListener('abort', abort)
  }
}

function failureOf(error: unknown, place: string, stage: ConnectStage, login: Login): AppError {
  const known = toConnectError(error, place, stage)
  return known.code === 'ssh.auth-failed' ? (login.failure() ?? known) : known
}

function endedEarly(place: string, stage: ConnectStage): AppError {
  return stage === 'handshake'
    ? turnedAway(place)
    : new AppError('ssh.connection-lost', `${place} closed the connection during the login.`)
}

/** Types on record first, so that the server shows the key we can compare (as OpenSSH orders them). */
function preferKnown(knownTypes: readonly string[]): readonly ServerHostKeyAlgorithm[] {
  const isKnown = (algorithm: string) =>
    knownTypes.includes(algorithm) || (algorithm.startsWith('rsa-sha2-') && knownTypes.includes('ssh-rsa'))
  return [...HOST_KEY_ALGORITHMS.filter(isKnown), ...HOST_KEY_ALGORITHMS.filter((name) => !isKnown(name))]
}

/** A deadline in which the time a person needs to answer does not count. */
function runDeadline(timeoutMs: number, isPaused: () => boolean, onExpired: () => void): () => void {
  const tickMs = 250
  let leftMs = timeoutMs
  const timer = setInterval(() => {
    if (!isPaused()) leftMs -= tickMs
    if (leftMs > 0) return
    clearInterval(timer)
    onExpired()
  }, tickMs)
  return () => clearInterval(timer)
}

async function withDeadline<T>(work: Promise<T>, timeoutMs: number, failure: () => AppError): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(failure()), timeoutMs)
  })
  try {
    return await Promise.race([work, expired])
  } finally {
    clearTimeout(timer)
  }
}
