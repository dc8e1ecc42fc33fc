import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ListenAddress } from '../../shared/state/bridge-state.ts'
import { adoptChannel } from './channel.ts'
import { toConnectError } from './connect-error.ts'
import type { ExecOptions, ExecResult, ForwardTarget } from './link.ts'
import { sendKeepalive } from './ssh2-internals.ts'

/** CHANNEL_OPEN_FAILURE reasons of RFC 4254, section 5.1. */
const ADMINISTRATIVELY_PROHIBITED = 1
const CONNECT_FAILED = 2

/** How long the server may take to close after our goodbye; a dead one never does. */
const GOODBYE_MS = 1_000

/** A byte counter of the socket below; ssh2 never pauses it, so silence there is silence of the peer. */
export interface Transport {
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Bytes handed over that the kernel has not taken yet. */
  readonly bytesWaiting: number
  destroy(): void
}

/**
 * One established and authenticated SSH connection. It owns its channels: when it ends, each of them is
 * destroyed with the reason. It never comes back; the link makes a new one.
 */
export class Connection {
  readonly place: string
  readonly client: Client
  readonly transport: Transport
  /** Settles once, with why it ended. */
  readonly ended: Promise<AppError>
  private readonly channels = new Set<Duplex>()
  private readonly acceptors = new Map<string, (channel: Duplex) => void>()
  private reason: AppError | undefined
  private isOver = false
  private isParting = false

  constructor(client: Client, transport: Transport, place: string) {
    this.client = client
    this.transport = transport
    this.place = place
    this.ended = new Promise((resolve) => {
      client.on('error', (error: unknown) => {
        this.isParting = false
        this.reason ??= toConnectError(error, place, 'open')
      })
      client.once('close', () => {
        this.isOver = true
        this.reason ??= new AppError('ssh.connection-lost', `${place} closed the connection.`)
        for (const channel of this.channels) channel.destroy(this.reason)
        resolve(this.reason)
      })
    })
    client.on('tcp connection', (details, accept, reject) => {
      const acceptor = this.acceptors.get(tcpKey(details.destIP, details.destPort))
      if (acceptor === undefined) reject()
      else acceptor(this.adopt(accept()))
    })
    client.on('unix connection', (details, accept, reject) => {
      const acceptor = this.acceptors.get(details.socketPath)
      if (acceptor === undefined) reject()
      else acceptor(this.adopt(accept() as ClientChannel))
    })
  }

  get isOpen(): boolean {
    return !this.isOver && this.reason === undefined
  }

  /** It is over, and the server has heard our goodbye: nothing of it is left there. */
  get hasPartedWell(): boolean {
    return this.isOver && this.isParting
  }

  get openChannels(): number {
    return this.channels.size
  }

  /** Ends it at once. The first reason wins. */
  destroy(reason: AppError): void {
    this.reason ??= reason
    this.isParting = false
    this.transport.destroy()
  }

  /** Says goodbye and closes; what is still on its way out is sent first. */
  end(reason: AppError): void {
    this.isParting = this.isOpen
    this.reason ??= reason
    this.client.end()
    const timer = setTimeout(() => this.destroy(reason), GOODBYE_MS)
    void this.ended.then(() => clearTimeout(timer))
  }

  /** Resolves when no channel is left, when the connection ended, or after `timeoutMs`. */
  drained(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(finish, timeoutMs)
      const check = () => {
        if (this.channels.size === 0) finish()
      }
      for (const channel of this.channels) channel.once('close', () => queueMicrotask(check))
      void this.ended.then(finish)
      check()
    })
  }

  /** Milliseconds from asking to the answer; undefined when the connection ended first. */
  roundTrip(monotonicMs: () => number): Promise<number | undefined> {
    const askedAt = monotonicMs()
    return new Promise((resolve) => {
      if (!this.isOpen) resolve(undefined)
      else sendKeepalive(this.client, (isAlive) => resolve(isAlive ? monotonicMs() - askedAt : undefined))
    })
  }

  async openChannel(target: ForwardTarget, signal?: AbortSignal): Promise<Duplex> {
    signal?.throwIfAborted()
    const opened = await this.request<ClientChannel>((done) => {
      if ('socketPath' in target) this.client.openssh_forwardOutStreamLocal(target.socketPath, done)
      else this.client.forwardOut('127.0.0.1', 0, target.host, target.port, done)
    }).catch((error: unknown) => {
      throw this.openFailure(error, target)
    })
    const channel: Duplex = this.adopt(opened)
    if (signal?.aborted) {
      channel.destroy()
      signal.throwIfAborted()
    }
    return channel
  }

  async exec(command: string, options: ExecOptions = {}): Promise<ExecResult> {
    const { signal } = options
    signal?.throwIfAborted()
    const { channel, result } = await this.request<Running>((done) => {
      this.client.exec(command, (error, opened) => {
        // The end may already be in the next packet, so listening cannot wait for a promise.
        if (error === undefined || error === null) done(undefined, collectOutput(this.adopt(opened), options))
        else done(error, undefined as never)
      })
    })
    const abort = () => channel.destroy(signal?.reason instanceof Error ? signal.reason : undefined)
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    try {
      const { exitCode, ...output } = await result
      // ssh2 ends the channel of a dead connection as if the command had ended.
      if (exitCode === undefined && !this.isOpen) throw this.lost()
      if (exitCode === undefined) signal?.throwIfAborted()
      return { ...output, exitCode: exitCode ?? -1 }
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Asks the server to listen. Rejects with ssh2's plain error when it refuses: it gives no reason. */
  async listen(address: ListenAddress, onChannel: (channel: Duplex) => void): Promise<void> {
    const key = addressKey(address)
    this.acceptors.set(key, onChannel)
    try {
      await this.request<unknown>((done) => {
        if (address.kind === 'socket') {
          this.client.openssh_forwardInStreamLocal(address.path, (error) =>
            done(error ?? undefined, undefined),
          )
        } else this.client.forwardIn(address.host, address.port, done)
      })
    } catch (error) {
      this.acceptors.delete(key)
      throw error
    }
  }

  async unlisten(address: ListenAddress): Promise<void> {
    if (!this.isOpen || !this.acceptors.delete(addressKey(address))) return
    await this.request<unknown>((done) => {
      if (address.kind === 'socket') {
        this.client.openssh_unforwardInStreamLocal(address.path, () => done(undefined, undefined))
      } else this.client.unforwardIn(address.host, address.port, () => done(undefined, undefined))
    })
  }

  /** Runs one of ssh2's callback calls; a dead connection rejects it with the reason. */
  private request<T>(call: (done: (error: Error | undefined, value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) {
        reject(this.lost())
        return
      }
      try {
        call((error, value) => {
          if (error === undefined || error === null) resolve(value)
          else reject(this.isOpen ? error : this.lost())
        })
      } catch (error) {
        // ssh2 throws "Not connected" when the socket is closing.
        reject(
          this.isOpen
            ? new AppError('ssh.connection-lost', `${this.place} is gone.`, { cause: error })
            : this.lost(),
        )
      }
    })
  }

  private adopt(channel: ClientChannel): ClientChannel {
    this.channels.add(adoptChannel(channel))
    channel.once('close', () => this.channels.delete(channel))
    return channel
  }

  private lost(): AppError {
    return this.reason ?? new AppError('ssh.connection-lost', `The connection to ${this.place} was cut.`)
  }

  private openFailure(error: unknown, target: ForwardTarget): AppError {
    if (error instanceof AppError) return error
    const reason = (error as { reason?: unknown }).reason
    const there = 'socketPath' in target ? target.socketPath : `${target.host}:${target.port}`
    if (reason === ADMINISTRATIVELY_PROHIBITED) {
      return new AppError('ssh.forwarding-refused', `${this.place} does not allow forwarding to ${there}.`, {
        cause: error,
      })
    }
    const why =
      error instanceof Error ? error.message.replace('(SSH) Channel open failure: ', '') : 'no reason given'
    return reason === CONNECT_FAILED
      ? new AppError('ssh.forward-target-refused', `${this.place} could not reach ${there}: ${why}.`, {
          cause: error,
        })
      : new AppError('ssh.connection-lost', `${this.place} opened no channel to ${there}: ${why}.`, {
          cause: error,
        })
  }
}

/** A command over there, and what it says until it ends. */
interface Running {
  readonly channel: Duplex
  /** Without an exit code where the server gave none: killed by a signal, or cut off. */
  readonly result: Promise<Omit<ExecResult, 'exitCode'> & { readonly exitCode: number | undefined }>
}

function collectOutput(channel: ClientChannel, { stdin = '', onOutput }: ExecOptions): Running {
  const result: Running['result'] = new Promise((resolve, reject) => {
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let exitCode: number | undefined
    const collect = (parts: Buffer[]) => (data: Buffer) => {
      parts.push(data)
      onOutput?.(data.toString())
    }
    channel.on('data', collect(stdout))
    channel.stderr.on('data', collect(stderr))
    channel.on('exit', (code: number | null) => {
      exitCode = code ?? -1
    })
    channel.on('error', reject)
    channel.once('close', () => {
      const text = (parts: Buffer[]) => Buffer.concat(parts).toString()
      resolve({ exitCode, stdout: text(stdout), stderr: text(stderr) })
    })
  })
  // A connection that dies in this very turn fails the request as well, and then nobody waits for the result.
  result.catch(() => undefined)
  if (typeof stdin === 'string') channel.end(stdin)
  else {
    const stream: Duplex = channel
    stdin.on('error', (error) => stream.destroy(error))
    channel.once('close', () => stdin.destroy())
    stdin.pipe(channel)
  }
  return { channel, result }
}

function addressKey(address: ListenAddress): string {
  return address.kind === 'socket' ? address.path : tcpKey(address.host, address.port)
}

function tcpKey(host: string, port: number): string {
  return `${host}:${port}`
}
