import type { Envelope, EnvelopeType } from '../../shared/protocol/tunnel/envelopes.ts'
import type { StreamEvent } from '../../shared/protocol/tunnel/stream-machine.ts'

const STREAM_TYPES = ['connect_ack', 'connect_data', 'connect_end', 'connect_close', 'credit'] as const

type StreamEnvelope = Extract<Envelope, { type: (typeof STREAM_TYPES)[number] }>

/** Whether it is about a stream. */
export function isOfStream(envelope: Envelope): envelope is StreamEnvelope {
  return (STREAM_TYPES as readonly EnvelopeType[]).includes(envelope.type)
}

/** What it means for its stream, and the bytes that came. */
export function eventOf(envelope: StreamEnvelope): [StreamEvent & { from: 'peer' }, Buffer?] {
  switch (envelope.type) {
    case 'connect_ack': {
      const { ok, error: message = 'The tunnel server gave no reason.', code } = envelope.payload
      return [{ from: 'peer', ...(ok ? { type: 'ack' } : { type: 'nack', message, code }) }]
    }
    case 'connect_data': {
      const data = Buffer.from(envelope.payload.chunk, 'base64')
      return [{ from: 'peer', type: 'data', bytes: data.length }, data]
    }
    case 'connect_end':
      return [{ from: 'peer', type: 'end' }]
    case 'connect_close':
      return [{ from: 'peer', type: 'close', error: envelope.payload.error }]
    case 'credit':
      return [{ from: 'peer', type: 'credit', bytes: envelope.payload.bytes }]
  }
}
