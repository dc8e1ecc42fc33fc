import type { Client, ClientChannel } from 'ssh2'

/**
 * The parts of ssh2 1.17 that its public interface does not offer and that we need: a global request with a
 * measured answer, and the message handlers. Beside this file only auth/ssh2-auth.ts touches ssh2's private fields;
 * test/integration/ssh/ssh2-internals.test.ts fails when an update moves them.
 */
interface Ssh2Client {
  readonly _callbacks: ((failed: unknown, data?: Buffer) => void)[]
  readonly _protocol: Ssh2Protocol
  readonly _chanMgr: { get(id: number): unknown }
}

export interface Ssh2Protocol {
  readonly _handlers: Ssh2Handlers
  /** Set while keys are being exchanged; packets are queued meanwhile. */
  readonly _kexinit: unknown
  readonly _cipher: object
  readonly _decipher: object
  ping(): void
  channelData(id: number, data: Buffer): void
  channelWindowAdjust(id: number, amount: number): void
}

export interface Ssh2Handlers {
  CHANNEL_DATA: (protocol: unknown, recipient: number, data: Buffer) => void
  CHANNEL_WINDOW_ADJUST: (protocol: unknown, recipient: number, amount: number) => void
  CHANNEL_EOF: (protocol: unknown, recipient: number) => void
  CHANNEL_CLOSE: (protocol: unknown, recipient: number) => void
}

export interface Ssh2Channel {
  readonly _client: object
  readonly incoming: { readonly id: number; window: number; state: string }
  readonly outgoing: { readonly id: number; window: number; packetSize: number; state: string }
}

export function protocolOf(client: Client): Ssh2Protocol {
  return internals(client)._protocol
}

/**
 * Asks the server for a sign of life as OpenSSH does (`keepalive@openssh.com`); any answer is one.
 * `done` is called with false when the connection dies first.
 */
export function sendKeepalive(client: Client, done: (isAlive: boolean) => void): void {
  const { _callbacks: callbacks, _protocol: protocol } = internals(client)
  // ssh2 passes true for REQUEST_FAILURE, which is what OpenSSH answers, and an Error for a dead connection.
  callbacks.push((failed) => done(!(failed instanceof Error)))
  protocol.ping()
}

export function channelInternals(channel: ClientChannel): Ssh2Channel {
  return channel as unknown as Ssh2Channel
}

function internals(client: Client): Ssh2Client {
  return client as unknown as Ssh2Client
}
