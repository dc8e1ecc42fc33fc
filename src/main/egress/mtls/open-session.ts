import type { X509Certificate } from 'node:crypto'
import type { Logger } from '../../../node/log.ts'
import { ReadBuffers } from '../../../node/tunnel/h2/read-buffers.ts'
import type { KeepaliveTimings } from '../../../node/tunnel/keepalive.ts'
import type { TlsMaterial } from '../../../node/tunnel/tls-material.ts'
import { ALPN } from '../../../shared/protocol/tunnel/wire.ts'
import type { TunnelProtocol } from '../../../shared/state/egress.ts'
import type { EgressTarget } from '../egress.ts'
import { dialTls } from './dial-tls.ts'
import { openEnvelopeSession } from './envelope-session.ts'
import { openH2Session } from './h2-session.ts'
import { placeOf, type TunnelSession } from './tunnel-session.ts'

export interface OpenSessionOptions {
  readonly server: EgressTarget
  readonly serverName: string
  readonly material: TlsMaterial
  readonly protocol: TunnelProtocol
  /** For the connection and its handshake, in milliseconds. */
  readonly timeoutMs: number
  readonly keepalive: KeepaliveTimings
  readonly log: Logger
}

export interface OpenedSession {
  readonly session: TunnelSession
  /** What the server has shown. */
  readonly certificate: X509Certificate | undefined
}

/** @throws AppError `tunnel.*` */
export async function openSession(options: OpenSessionOptions, signal: AbortSignal): Promise<OpenedSession> {
  const { keepalive, log, protocol, server, ...dialing } = options
  const place = placeOf(server)
  const buffers = protocol === 'h2' ? new ReadBuffers() : undefined
  const socket = await dialTls({ ...dialing, server, alpn: ALPN[protocol], buffers }, signal)
  const session =
    buffers === undefined
      ? await openEnvelopeSession(socket, { place, keepalive, log }, signal)
      : await openH2Session(socket, { place, keepalive, buffers }, signal)
  return { session, certificate: socket.getPeerX509Certificate() }
}
