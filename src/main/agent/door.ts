import { createServer, type Server, type Socket } from 'node:net'
import type { Logger } from '../../node/log.ts'
import { OpenStreams } from '../../node/open-streams.ts'
import { resetSocket } from '../../node/reset-socket.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ListenAddress } from '../../shared/state/bridge-state.ts'
import { bind } from './bind.ts'
import type { Opening } from './first-bytes.ts'
import { answerOwnPage, type OwnPageRequest, type OwnPages, readOpening } from './own-pages.ts'
import { Peek, type PeekResult } from './peek.ts'
import { refusalOf, refuse } from './refuse.ts'

const HEAD_TIMEOUT_MS = 60_000

/** What makes the local port a proxy too. */
export interface AgentProxy extends OwnPages {
  /**
   * Takes a connection as `onRelayConnection` does.
   *
   * @param bytes what it has sent so far; the rest is still to be read.
   */
  handle(socket: Socket, bytes: Buffer): void
}

export interface DoorOptions {
  readonly onRelayConnection: (socket: Socket) => void
  readonly proxy: AgentProxy
  readonly log: Logger
  readonly headTimeoutMs?: number
}

/** One listening server and the connections that came through it, until the last of them is closed. */
export class Door {
  private readonly options: DoorOptions
  private readonly server: Server
  /** Those that still have to say what they want. */
  private readonly undecided = new Set<Peek<Opening | OwnPageRequest>>()
  private readonly sockets = new OpenStreams<Socket>()
  private empty: () => void = () => undefined
  private mayListen = true

  constructor(options: DoorOptions) {
    this.options = options
    this.server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      this.welcome(socket),
    )
  }

  /** @throws AppError `port.taken` or `port.forbidden`. */
  async open(address: ListenAddress): Promise<ListenAddress> {
    await bind(this.server, address)
    // Out of file descriptors, for one: the connection is lost, the listener is not.
    this.server.on('error', (error) => this.options.log.warn({ err: error }, 'the local port had trouble'))
    if (!this.mayListen) this.server.close()
    const bound = this.server.address()
    return address.kind === 'tcp' && bound !== null && typeof bound === 'object'
      ? { ...address, port: bound.port }
      : address
  }

  /** Called once, when it no longer listens and nobody is left. */
  onEmpty(listener: () => void): void {
    this.empty = listener
  }

  /** Connections go on. Idempotent. */
  stopListening(): void {
    this.mayListen = false
    if (this.server.listening) this.server.close(() => this.empty())
  }

  async close(drainMs: number): Promise<void> {
    this.stopListening()
    for (const { socket } of this.undecided) socket.destroy()
    await this.sockets.drain(drainMs)
  }

  private welcome(socket: Socket): void {
    this.sockets.add(socket)
    // A client that resets is everyday life; whoever has the socket sees its close.
    socket.on('error', ignore)
    const timeoutMs = this.options.headTimeoutMs ?? HEAD_TIMEOUT_MS
    this.undecided.add(new Peek(socket, timeoutMs, readOpening, this.decide))
  }

  private readonly decide = (
    peek: Peek<Opening | OwnPageRequest>,
    result: PeekResult<Opening | OwnPageRequest>,
    seen: Buffer,
  ): void => {
    this.undecided.delete(peek)
    const { socket } = peek
    if (socket.destroyed) return
    if (result.kind === 'opening') this.handOver(socket, result.opening, seen)
    else if (seen.length === 0) socket.destroySoon()
    else if (result.kind === 'gone') refuse(socket, refusalOf('garbage'))
    else refuse(socket, new AppError('agent.head-timeout', 'The request did not arrive in time.'))
  }

  private handOver(socket: Socket, opening: Opening | OwnPageRequest, seen: Buffer): void {
    const { log, onRelayConnection, proxy } = this.options
    try {
      if (opening === 'proxy') proxy.handle(socket, seen)
      else if (opening !== 'relay' && typeof opening === 'string') refuse(socket, refusalOf(opening))
      else if (opening === 'relay' || !answerOwnPage(socket, opening, proxy)) {
        socket.unshift(seen)
        onRelayConnection(socket)
      }
    } catch (error) {
      log.error({ err: error }, 'a connection could not be handed over')
      resetSocket(socket)
    }
  }
}

function ignore(): void {
  // There is nothing to be done.
}
