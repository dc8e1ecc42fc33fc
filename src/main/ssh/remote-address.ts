import type { Logger } from '../../node/log.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ListenAddress } from '../../shared/state/bridge-state.ts'
import type { Connection } from './connection.ts'
import {
  endSession,
  type Inspection,
  identifySession,
  inspect,
  type RemoteProcess,
  removeSocket,
} from './remote-inspection.ts'
import type { SessionMemory, SessionRecord } from './session-memory.ts'

/** What stands in the way of listening, and what may be done about it. */
export interface Obstacle {
  readonly error: AppError
  /** A port that would do instead. */
  readonly otherPort?: number
}

interface Refusal {
  readonly cause: unknown
  /** We had this address earlier, in this process or the one before. */
  readonly hasListenedBefore: boolean
}

export interface RemoteHolderOptions {
  /** The host as people call it. */
  readonly place: string
  /** Outlives this process; without one only its own sessions are known. */
  readonly sessions: SessionMemory | undefined
  readonly log: Logger
}

const HIGHEST_PORT = 65_535
/** Ports tried through SSH itself when the account has no shell to look with. */
const BLIND_TRIES = 5

/**
 * Knows why the far host does not let us listen. The protocol says only "no", so we look on the host who holds the
 * address, and take it back when the holder is the sshd of our own earlier, dead connection.
 */
export class RemoteHolder {
  private readonly options: RemoteHolderOptions
  private readonly log: Logger
  private readonly earlierSessions: RemoteProcess[] = []
  private readonly addresses = new Set<string>()
  private currentSession: RemoteProcess | undefined
  /** The connection that got an address last. */
  private listening: Connection | undefined

  constructor(options: RemoteHolderOptions) {
    this.options = options
    this.log = options.log
  }

  /** Remembers the server process behind this connection; an account without a shell has none to tell. */
  async remember(connection: Connection): Promise<void> {
    if (this.currentSession !== undefined) {
      this.earlierSessions.push(this.currentSession)
      // More than a few old sessions mean that somebody else ended them long ago.
      if (this.earlierSessions.length > 8) this.earlierSessions.shift()
      this.currentSession = undefined
    }
    try {
      const session = await identifySession(connection)
      if (!connection.isOpen) return
      this.currentSession = session
      this.note()
    } catch (error) {
      this.log.debug({ err: error }, 'The far host does not tell its session process')
    }
  }

  /** The server listens for us there from now on. */
  noteListening(connection: Connection, address: ListenAddress): void {
    this.addresses.add(textOf(address))
    this.listening = connection
    this.note()
  }

  /** The last connection is over; what it had listened on is free, unless an older one was in its way. */
  noteEnd(connection: Connection): void {
    if (connection === this.listening && connection.hasPartedWell) this.options.sessions?.forget(this)
  }

  async explain(connection: Connection, address: ListenAddress, ours: Refusal): Promise<Obstacle> {
    const refusal = await this.withEarlierRuns(address, ours)
    try {
      const found = await inspect(connection, address)
      return address.kind === 'tcp'
        ? await this.explainPort(connection, address, found, refusal)
        : await this.explainSocket(connection, address, found, refusal)
    } catch (error) {
      if (!connection.isOpen) throw error
      this.log.debug({ err: error }, 'The far host does not let us look who holds an address')
      return explainBlindly(connection, address, refusal)
    }
  }

  private async explainPort(
    connection: Connection,
    address: Extract<ListenAddress, { kind: 'tcp' }>,
    found: Inspection,
    refusal: Refusal,
  ): Promise<Obstacle> {
    const { cause, hasListenedBefore } = refusal
    // A connection that the host made may have the port as its own end, and one that was accepted there does no harm.
    const isInDoubt = found.isHeld === false && found.usedPorts.has(address.port)
    if (found.isHeld === undefined || isInDoubt) return explainBlindly(connection, address, refusal)
    if (!found.isHeld) return { error: refused(connection, address, cause) }
    const old = await this.earlierSessionOf(found)
    if (old !== undefined) await this.takeBack(connection, old)
    // What we held a moment ago is most likely still ours when an sshd holds it, or somebody who cannot be named.
    if (old !== undefined || (hasListenedBefore && isSshdOrUnknown(found))) {
      return { error: heldByOldSession(connection, address, cause) }
    }
    const otherPort = nextFreePort(address.port, found.usedPorts)
    return {
      error: taken(connection, address, found, cause),
      ...(otherPort === undefined ? {} : { otherPort }),
    }
  }

  private async explainSocket(
    connection: Connection,
    address: Extract<ListenAddress, { kind: 'socket' }>,
    found: Inspection,
    { cause, hasListenedBefore }: Refusal,
  ): Promise<Obstacle> {
    if (found.pathKind === 'none') return { error: refused(connection, address, cause) }
    if (found.pathKind === 'other') return { error: taken(connection, address, found, cause) }
    const old = await this.earlierSessionOf(found)
    if (old !== undefined) await this.takeBack(connection, old)
    else if (found.isHeld !== false && !(hasListenedBefore && isSshdOrUnknown(found))) {
      return { error: taken(connection, address, found, cause) }
    }
    await removeSocket(connection, address.path)
    return { error: heldByOldSession(connection, address, cause) }
  }

  private async earlierSessionOf({ holderPid }: Inspection): Promise<RemoteProcess | undefined> {
    const left = (await this.leftByEarlierRuns()).flatMap(({ sessions }) => sessions)
    return [...this.earlierSessions, ...left].find(({ pid }) => pid === holderPid)
  }

  /** Where an earlier run could name its sessions, they are looked for; where it could not, its word has to do. */
  private async withEarlierRuns(address: ListenAddress, refusal: Refusal): Promise<Refusal> {
    const hadAddress = (await this.leftByEarlierRuns()).some(
      ({ addresses, sessions }) => sessions.length === 0 && addresses.includes(textOf(address)),
    )
    return hadAddress ? { ...refusal, hasListenedBefore: true } : refusal
  }

  private async leftByEarlierRuns(): Promise<readonly SessionRecord[]> {
    return (await this.options.sessions?.left(this.options.place)) ?? []
  }

  /** For a later run, should this one be killed. */
  private note(): void {
    if (this.addresses.size === 0) return
    const { currentSession: current } = this
    this.options.sessions?.note(this, {
      place: this.options.place,
      sessions: current === undefined ? this.earlierSessions : [...this.earlierSessions, current],
      addresses: [...this.addresses],
    })
  }

  private async takeBack(connection: Connection, session: RemoteProcess): Promise<void> {
    const isGone = await endSession(connection, session)
    this.log.info({ place: connection.place, pid: session.pid, isGone }, 'Ended our own dead session there')
  }
}

function isSshdOrUnknown({ holderName }: Inspection): boolean {
  return holderName === undefined || holderName.startsWith('sshd')
}

/** Without a shell the only instrument is the request itself: does the server let us listen anywhere? */
async function explainBlindly(
  connection: Connection,
  address: ListenAddress,
  { cause, hasListenedBefore }: Refusal,
): Promise<Obstacle> {
  if (address.kind === 'socket') return { error: refused(connection, address, cause) }
  if (hasListenedBefore) return { error: heldByOldSession(connection, address, cause) }
  for (let port = address.port + 1; port <= Math.min(address.port + BLIND_TRIES, HIGHEST_PORT); port += 1) {
    const other = { ...address, port }
    const mayListen = await connection
      .listen(other, (channel) => channel.destroy())
      .then(
        () => true,
        () => false,
      )
    if (!mayListen) continue
    await connection.unlisten(other)
    return { error: taken(connection, address, undefined, cause), otherPort: port }
  }
  return { error: refused(connection, address, cause) }
}

function nextFreePort(port: number, taken: ReadonlySet<number>): number | undefined {
  for (let other = port + 1; other <= HIGHEST_PORT; other += 1) if (!taken.has(other)) return other
  return undefined
}

function refused({ place }: Connection, address: ListenAddress, cause: unknown): AppError {
  const text = textOf(address)
  if (address.kind === 'tcp' && address.port < 1024) {
    return new AppError(
      'ssh.forwarding-refused',
      `${place} does not let this login listen on ${text}, although nothing else does: ports below 1024 are for root.`,
      { cause, remedy: 'Choose a port above 1023 for this client.' },
    )
  }
  return new AppError('ssh.forwarding-refused', `${place} does not allow listening on ${text}.`, { cause })
}

function taken(
  { place }: Connection,
  address: ListenAddress,
  found: Inspection | undefined,
  cause: unknown,
): AppError {
  const holder =
    found?.holderName === undefined
      ? 'another program'
      : `${found.holderName} (process ${found.holderPid ?? '?'})`
  const text = textOf(address)
  return new AppError(
    'ssh.remote-port-taken',
    found?.pathKind === 'other'
      ? `On ${place} there is a file at ${text}, which is no socket.`
      : `On ${place}, ${holder} already listens on ${text}.`,
    { cause },
  )
}

function heldByOldSession({ place }: Connection, address: ListenAddress, cause: unknown): AppError {
  return new AppError(
    'ssh.remote-port-held-by-old-session',
    `On ${place}, our own earlier connection still holds ${textOf(address)}; taking it back.`,
    { cause },
  )
}

function textOf(address: ListenAddress): string {
  return address.kind === 'socket' ? address.path : `${address.host}:${address.port}`
}
