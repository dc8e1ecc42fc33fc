import type { Duplex } from 'node:stream'
import WebSocket from 'ws'
import { AppError, toAppError } from '../shared/errors/app-error.ts'
import type { PayloadOf } from '../shared/protocol/tunnel/envelopes.ts'
import type { SendContext } from './envelope-requests.ts'
import { overTls } from './over-tls.ts'

const HANDSHAKE_MS = 10_000
const MAX_MESSAGE_BYTES = 8 * 2 ** 20
/** The host does not read: beyond this a WebSocket is ended, as this format cannot hold its agent up. */
const MAX_WAITING_BYTES = 16 * 2 ** 20
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10

/** The library makes these itself, and refuses to send them twice. */
const OWN_HEADERS =
  /^(?:host|connection|upgrade|content-length|transfer-encoding|proxy-.*|keep-alive|te|trailer|sec-websocket-(?:key|version|extensions|accept|protocol))$/i

interface Open {
  readonly abort: AbortController
  socket?: WebSocket
}

/** The `ws_*` messages of an agent. Owns the WebSockets, whose messages keep their order. */
export class EnvelopeWebSockets {
  private readonly context: SendContext
  private readonly sockets = new Map<string, Open>()

  constructor(context: SendContext) {
    this.context = context
  }

  get count(): number {
    return this.sockets.size
  }

  has(id: string): boolean {
    return this.sockets.has(id)
  }

  open(payload: PayloadOf<'ws_open'>): void {
    const { id } = payload
    const open: Open = { abort: new AbortController() }
    this.sockets.set(id, open)
    const closed = this.context.meters.streamOpened()
    open.abort.signal.addEventListener('abort', closed)
    this.connect(payload, open).catch((error: unknown) => {
      if (!this.drop(id, open)) return
      const { code, message } = toAppError(error)
      if (code === 'internal.bug') this.context.log.error({ err: error }, 'a WebSocket failed')
      this.context.meters.streamsRefused += 1
      this.context.send({ type: 'ws_ack', payload: { id, ok: false, error: message } })
      this.context.onIdle()
    })
  }

  message({ id, message_type: type, data }: PayloadOf<'ws_message'>): void {
    const socket = this.sockets.get(id)?.socket
    if (socket?.readyState !== WebSocket.OPEN) return
    const bytes = Buffer.from(data ?? '', 'base64')
    this.context.meters.addBytes(bytes.length, 0)
    if (type === TEXT) socket.send(bytes.toString('utf8'))
    else if (type === BINARY) socket.send(bytes)
    else if (type === PING) socket.ping(bytes)
    else if (type === PONG) socket.pong(bytes)
    else if (type === CLOSE) closeWith(socket, bytes.length >= 2 ? bytes.readUInt16BE(0) : 1000)
    if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.terminate()
  }

  end({ id, code }: PayloadOf<'ws_close'>): void {
    const open = this.sockets.get(id)
    if (open?.socket === undefined) open?.abort.abort()
    else closeWith(open.socket, code ?? 1000)
  }

  /** Idempotent. */
  close(): void {
    for (const [id, open] of this.sockets) {
      this.drop(id, open)
      open.socket?.terminate()
    }
  }

  private async connect({ id, url, headers }: PayloadOf<'ws_open'>, open: Open): Promise<void> {
    const target = URL.canParse(url) ? new URL(url.replace(/^http/i, 'ws')) : undefined
    if (target === undefined || !/^wss?:$/.test(target.protocol))
      throw new AppError('tunnel.protocol', 'A WebSocket needs a ws, wss, http or https URL.')
    const host = target.hostname.replace(/^\[|\]$/g, '')
    const isSecure = target.protocol === 'wss:'
    const port = target.port === '' ? (isSecure ? 443 : 80) : Number(target.port)
    const { signal } = open.abort
    const plain = await this.context.dial({ host, port }, signal)
    const stream = isSecure ? await overTls(plain, host, signal) : plain
    const entries = Object.entries(headers)
    const protocols = entries
      .filter(([name]) => name.toLowerCase() === 'sec-websocket-protocol')
      .flatMap(([, values]) => values.join(',').split(','))
      .map((name) => name.trim())
    const kept = entries.filter(([name]) => !OWN_HEADERS.test(name))
    const socket = begin(stream, target, protocols, kept)
    open.socket = socket
    await this.opened(id, open, socket, target.host)
  }

  private opened(id: string, open: Open, socket: WebSocket, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      // The first messages may have come with the answer: they are told of before any promise is.
      socket.once('open', () => {
        if (this.sockets.get(id) === open) {
          this.context.send({ type: 'ws_ack', payload: { id, ok: true } })
          this.forward(id, open, socket)
        } else socket.terminate()
        resolve()
      })
      socket.on('error', (cause) =>
        reject(
          new AppError('egress.bad-answer', `${host} did not take the WebSocket (${cause.message}).`, {
            cause,
          }),
        ),
      )
    })
  }

  private forward(id: string, open: Open, socket: WebSocket): void {
    const pass = (type: number, data: Buffer): void => {
      this.context.meters.addBytes(0, data.length)
      const payload = { id, message_type: type, data: data.toString('base64') }
      this.context.send({ type: 'ws_message', payload })
    }
    socket.on('message', (data, isBinary) => pass(isBinary ? BINARY : TEXT, data as Buffer))
    socket.on('ping', (data) => pass(PING, data))
    socket.on('pong', (data) => pass(PONG, data))
    socket.once('close', (code) => {
      if (!this.drop(id, open)) return
      this.context.send({ type: 'ws_close', payload: { id, code } })
      this.context.onIdle()
    })
  }

  /** Whether it was still known. */
  private drop(id: string, open: Open): boolean {
    open.abort.abort()
    return this.sockets.get(id) === open && this.sockets.delete(id)
  }
}

/** Of what a host may be told only some codes may stand in a close frame (RFC 6455 §7.4). */
function closeWith(socket: WebSocket, code: number): void {
  const isSendable = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || code >= 3000
  socket.close(isSendable && code < 5000 ? code : 1000)
}

/** @throws AppError `tunnel.protocol` for what the host could not be asked; the connection to it is closed then. */
function begin(
  stream: Duplex,
  target: URL,
  protocols: string[],
  headers: readonly (readonly [string, readonly string[]])[],
): WebSocket {
  try {
    return new WebSocket(target.href.replace(/^wss/, 'ws'), protocols, {
      createConnection: () => stream as never,
      headers: {
        ...Object.fromEntries(headers.map(([name, values]) => [name, values.join(', ')])),
        Host: target.host,
      },
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      // Pings are the agent's business: it gets them and answers.
      autoPong: false,
      // What it compressed the agent could not tell from what it did not.
      perMessageDeflate: false,
    })
  } catch (cause) {
    stream.destroy()
    const message = 'The WebSocket has a header, a subprotocol or a URL that there cannot be.'
    throw new AppError('tunnel.protocol', message, { cause })
  }
}
