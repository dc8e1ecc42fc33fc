/**
 * The two wire formats of the tunnel, told apart by ALPN (RFC 7301) on one TLS port. Agents that offer none are those
 * of the time before HTTP/2 and speak envelopes.
 */
export const ALPN = { h2: 'h2', envelopes: 'sovereign-envelopes/1' } as const

/** Names of RFC 9209 for who answered; see refusal.ts. */
export const SERVER_NAME = 'sovereign-tunnel-server'

/** Settings and windows of HTTP/2 (RFC 9113 §6.5.2), in bytes where nothing else is said. */
export const H2 = {
  /** What a reader that stands still can cost its agent. A tunnel of 50 ms carries 80 MB/s with it. */
  agentStreamWindow: 4 * 2 ** 20,
  /** The same at the server, which has many agents. */
  serverStreamWindow: 2 ** 20,
  /** What it grows to while the host takes all as it comes. */
  serverStreamWindowMax: 4 * 2 ** 20,
  /** Larger than what unread streams may hold (see UNREAD), so that others always get on. */
  agentConnectionWindow: 256 * 2 ** 20,
  serverConnectionWindow: 64 * 2 ** 20,
  maxStreams: 2048,
  maxHeaderListSize: 32 * 1024,
} as const

/** What the streams of one connection may hold together while nobody reads them, in bytes, in either format. */
export const UNREAD = { agent: 192 * 2 ** 20, server: 48 * 2 ** 20 } as const

/** All sizes in bytes. */
export const ENVELOPES = {
  version: 1,
  /** Of one `connect_data`, before base64. Agents of the first version send no more either. */
  chunk: 32 * 1024,
  /** Of the body of one `http_request` or `http_response`, before base64. */
  body: 10 * 2 ** 20,
  /** Of one line: a body in base64 and its headers. */
  line: 14 * 2 ** 20 + 64 * 1024,
  /** How much of one stream may be under way before its reader has taken it. */
  window: 512 * 1024,
  maxStreams: 2048,
} as const
