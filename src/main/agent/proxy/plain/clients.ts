import type { Socket } from 'node:net'
import { PlainClient, type PlainClientOptions } from './client.ts'
import { readPlainRequest } from './request.ts'

export interface PlainClientsOptions extends Omit<PlainClientOptions, 'onClosed' | 'onLeave'> {
  /** How often all of them are looked at, in milliseconds. */
  readonly checkMs: number
  /** Takes a paused connection whose next bytes are no plain request. */
  readonly onLeave: (socket: Socket) => void
}

/** The connections of clients that send plain requests at present. */
export class PlainClients {
  private readonly options: PlainClientOptions
  private readonly checkMs: number
  private readonly clients = new Set<PlainClient>()
  private timer: NodeJS.Timeout | undefined

  constructor(options: PlainClientsOptions) {
    const { checkMs, limits } = options
    this.checkMs = Math.min(checkMs, limits.answerMs, limits.silenceMs)
    this.options = {
      ...options,
      onLeave: (client, socket) => {
        this.forget(client)
        options.onLeave(socket)
      },
      onClosed: (client) => this.forget(client),
    }
  }

  /** @param bytes the first of the connection, which is paused. @returns false where this is not for them. */
  take(socket: Socket, bytes: Buffer): boolean {
    const request = readPlainRequest(bytes)
    if (request === undefined) return false
    const client = new PlainClient(socket, this.options)
    this.clients.add(client)
    this.timer ??= setInterval(() => this.look(), this.checkMs).unref()
    client.start(request)
    return true
  }

  /** Ends idle connections, and the others with what is under way on them. Idempotent. */
  close(): void {
    for (const client of this.clients) client.close()
  }

  private look(): void {
    const now = this.options.monotonicMs()
    for (const client of this.clients) client.look(now)
  }

  private forget(client: PlainClient): void {
    this.clients.delete(client)
    if (this.clients.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}
