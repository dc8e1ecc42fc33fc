import type { Socket } from 'node:net'
import type { AddressPolicy } from '../../../node/address-policy/address-policy.ts'
import { dial } from '../../../node/address-policy/dial.ts'
import type { Lookup } from '../../../node/address-policy/lookups.ts'
import { type OwnListener, objectionToSelf } from '../../../node/address-policy/own-listener.ts'
import { OpenStreams } from '../../../node/open-streams.ts'
import { resetWhenDestroyed } from '../../../node/reset-socket.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { Egress, EgressTarget } from '../egress.ts'

export interface DirectEgressOptions {
  readonly policy: AddressPolicy
  /** Where the proxy itself listens at this moment: it must not be led back into itself. */
  readonly ownListeners?: () => readonly OwnListener[]
  readonly lookup?: Lookup
  /** 10 s unless told. */
  readonly connectTimeoutMs?: number
}

/** Out from this very machine. Owns its connections until they are closed. */
export class DirectEgress implements Egress {
  readonly name = 'direct'
  private readonly options: DirectEgressOptions
  private readonly objection: ReturnType<typeof objectionToSelf>
  private readonly sockets = new OpenStreams<Socket>()
  private readonly closed = new AbortController()

  constructor(options: DirectEgressOptions) {
    this.options = options
    this.objection = objectionToSelf('The proxy', () => options.ownListeners?.() ?? [])
  }

  async connect(target: EgressTarget, signal: AbortSignal): Promise<Socket> {
    const { policy, lookup, connectTimeoutMs } = this.options
    if (this.closed.signal.aborted) throw closedError()
    const socket = await dial(
      target,
      {
        policy,
        objection: this.objection,
        ...(lookup === undefined ? {} : { lookup }),
        ...(connectTimeoutMs === undefined ? {} : { timeoutMs: connectTimeoutMs }),
      },
      this.closed.signal,
      signal,
    )
    return this.own(socket)
  }

  close(drainMs: number): Promise<void> {
    this.closed.abort(closedError())
    return this.sockets.drain(drainMs)
  }

  private own(socket: Socket): Socket {
    return this.sockets.add(resetWhenDestroyed(socket))
  }
}

function closedError(): AppError {
  return new AppError('egress.unreachable', 'The proxy is being closed.')
}
