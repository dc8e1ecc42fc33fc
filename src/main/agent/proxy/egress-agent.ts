import {
  Agent,
  type AgentOptions,
  type ClientRequest,
  type ClientRequestArgs,
  type RequestOptions,
} from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Shorter than the 5 s after which Node, Apache and others close an idle connection. */
const IDLE_MS = 4_000

/** What a request needs to know of its connection, beside what it says. */
export interface Way {
  /** Requests share connections only with those of the same key. */
  readonly key: string
  open(): Promise<Duplex>
}

const ways = new WeakMap<object, Way>()

/** Keeps the connections of Node's HTTP client, which an egress opens, for the next request with the same key. */
export class EgressAgent extends Agent {
  private readonly idleMs: number
  /** Ends the watch over a stream that waits for its next request. */
  private readonly watches = new WeakMap<Duplex, () => void>()

  constructor(idleMs = IDLE_MS) {
    // With a timeout, idle sockets end themselves.
    super({ keepAlive: true, maxFreeSockets: 32, timeout: idleMs } satisfies AgentOptions)
    this.idleMs = idleMs
  }

  /** To be spread into the options of a request. */
  optionsFor(way: Way): RequestOptions {
    const marker = { way: Symbol(way.key) }
    ways.set(marker, way)
    return { agent: this, ...({ marker } as object) }
  }

  /** Ends idle connections now and every other one with its request; `destroy` would cut those. */
  retire(): void {
    this.maxFreeSockets = 0
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of sockets ?? []) socket.destroy()
  }

  override keepSocketAlive(stream: Duplex): boolean {
    // It tells whether it is kept, which its type leaves out.
    const isKept: unknown = super.keepSocketAlive(stream)
    if (isKept === true && !(stream instanceof Socket)) this.watch(stream)
    return isKept === true
  }

  override reuseSocket(stream: Duplex, request: ClientRequest): void {
    this.watches.get(stream)?.()
    super.reuseSocket(stream, request)
  }

  /** A stream of a tunnel has no timeout, and ends of its own only once it is read. */
  private watch(stream: Duplex): void {
    const drop = (): void => void stream.destroy()
    const timer = setTimeout(drop, this.idleMs)
    const end = (): void => {
      clearTimeout(timer)
      stream.off('data', drop).off('end', drop).off('close', end)
      this.watches.delete(stream)
    }
    this.watches.set(stream, end)
    // Nothing was asked: whatever comes, the next request must not get it for an answer.
    stream.on('data', drop).on('end', drop).on('close', end).resume()
  }

  override getName(options: object): string {
    return wayOf(options)?.key ?? ''
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const opening = wayOf(options)?.open() ?? Promise.reject(new Error('A request without a way.'))
    opening.then(
      (stream) => callback?.(null, asSocket(stream)),
      (error) => callback?.(error, undefined as never),
    )
  }
}

function wayOf(options: object): Way | undefined {
  return 'marker' in options ? ways.get(options.marker as object) : undefined
}

/** Node's client takes any stream, but asks it for what only sockets have. */
export function asSocket(stream: Duplex): Duplex {
  if (stream instanceof Socket) return stream
  const nothing = (): Duplex => stream
  for (const name of ['setTimeout', 'setKeepAlive', 'setNoDelay', 'ref', 'unref'])
    if (!(name in stream)) Object.assign(stream, { [name]: nothing })
  return stream
}
