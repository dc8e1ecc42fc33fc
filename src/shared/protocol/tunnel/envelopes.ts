import { z } from 'zod'
import { ENVELOPES } from './wire.ts'

/**
 * What crosses the tunnel in the format of envelopes: one `{type, payload}` as JSON per line. Bytes are base64. An id
 * names a stream or a request within its connection. A = agent, S = server.
 *
 * Messages from `hello` to `pong` did not exist at first: nobody sends them (but `hello`) to a peer that has not sent
 * `hello`, and such a peer ignores them, as everybody ignores types that they do not know.
 */
const id = z.string().min(1).max(64)
const base64 = z.string().max(Math.ceil(ENVELOPES.body / 3) * 4 + 4)
const error = z.string().max(4096).optional()
const headers = z.record(z.string().max(1024), z.array(z.string().max(64 * 1024))).default({})
const url = z
  .string()
  .min(1)
  .max(16 * 1024)

const payloads = {
  /** A→S first, S→A in answer: from then on both know `credit`, `connect_end`, `ping` and `goodbye`. */
  hello: z.object({
    version: z.int().min(1),
    /** Bytes of one stream that the sender takes before it gives credit. */
    window: z
      .int()
      .min(1024)
      .max(64 * 2 ** 20),
  }),
  /** The reader took this many bytes of the stream; as many more may come. */
  credit: z.object({ id, bytes: z.int().min(1) }),
  /** Half-close: the sender of this has nothing more to say, and goes on listening. */
  connect_end: z.object({ id }),
  /** The sender takes no new streams; those that are open go on. `code` says why, where it refuses the peer. */
  goodbye: z.object({ code: z.string().max(64).optional(), error }),
  ping: z.object({ nonce: z.string().max(64) }),
  pong: z.object({ nonce: z.string().max(64) }),

  connect_open: z.object({ id, address: z.string().min(1).max(300) }),
  /** `code` is one of ours; peers of the first version leave it out. */
  connect_ack: z.object({ id, ok: z.boolean(), error, code: z.string().max(64).optional() }),
  connect_data: z.object({ id, chunk: base64 }),
  /** The end of both directions: proper without `error`, a reset with it. */
  connect_close: z.object({ id, error }),

  http_request: z.object({ id, method: z.string().min(1).max(32), url, headers, body: base64.nullish() }),
  http_response: z.object({ id, status_code: z.int(), headers, body: base64.nullish(), error }),

  ws_open: z.object({ id, url, headers }),
  ws_ack: z.object({ id, ok: z.boolean(), error }),
  /** `message_type` is the opcode of RFC 6455 §5.2: 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  ws_message: z.object({ id, message_type: z.int().min(0).max(15), data: base64.nullish() }),
  ws_close: z.object({ id, code: z.int().optional(), error }),

  /** Its signature cannot be verified (it covers nothing that is sent), so it proves nothing to us. */
  iam_auth_request: z.object({ id }),
  iam_auth_response: z.object({ id, ok: z.boolean(), error }),
} as const

type Payloads = { [Type in keyof typeof payloads]: z.infer<(typeof payloads)[Type]> }

export type EnvelopeType = keyof Payloads
export type Envelope = { [Type in EnvelopeType]: { type: Type; payload: Payloads[Type] } }[EnvelopeType]
export type PayloadOf<Type extends EnvelopeType> = Payloads[Type]

export type ParsedLine =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  /** A type of another version, or a payload that does not have its form: to be ignored. */
  | { readonly kind: 'unknown'; readonly type: string }
  /** The connection cannot go on. */
  | { readonly kind: 'broken'; readonly reason: string }

/** @param text one line without its end. */
export function parseEnvelope(text: string): ParsedLine {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'broken', reason: 'a line that is not JSON' }
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string')
    return { kind: 'broken', reason: 'JSON that is no envelope' }
  const { type } = value
  if (!isEnvelopeType(type)) return { kind: 'unknown', type: type.slice(0, 64) }
  const payload = payloads[type].safeParse('payload' in value ? value.payload : undefined)
  if (!payload.success) return { kind: 'unknown', type }
  return { kind: 'envelope', envelope: { type, payload: payload.data } as Envelope }
}

/** With the end of the line. */
export function formatEnvelope(envelope: Envelope): string {
  return `${JSON.stringify(envelope)}\n`
}

function isEnvelopeType(type: string): type is EnvelopeType {
  return Object.hasOwn(payloads, type)
}
