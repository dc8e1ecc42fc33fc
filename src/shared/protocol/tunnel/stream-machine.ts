/**
 * One `connect_*` stream of the envelopes as both ends see it, without sockets and time.
 *
 *   opening ──acknowledged──▶ open ──end on both sides──▶ closed
 *      └──────── refused, reset, closed ────────────────────┘
 *
 * `sendLeft` is what the peer still takes before it gives credit, in bytes; infinite where the peer knows no credit.
 */
export type StreamState =
  | { readonly phase: 'opening' }
  | {
      readonly phase: 'open'
      readonly localEnded: boolean
      readonly remoteEnded: boolean
      readonly sendLeft: number
      /** Bytes that came and for which no credit was given. */
      readonly received: number
    }
  | { readonly phase: 'closed' }

export type StreamEvent =
  | { readonly from: 'peer'; readonly type: 'ack' }
  | {
      readonly from: 'peer'
      readonly type: 'nack'
      readonly message: string
      readonly code?: string | undefined
    }
  | { readonly from: 'peer'; readonly type: 'data'; readonly bytes: number }
  | { readonly from: 'peer'; readonly type: 'credit'; readonly bytes: number }
  | { readonly from: 'peer'; readonly type: 'end' }
  | { readonly from: 'peer'; readonly type: 'close'; readonly error?: string | undefined }
  | { readonly from: 'user'; readonly type: 'data'; readonly bytes: number }
  | { readonly from: 'user'; readonly type: 'taken'; readonly bytes: number }
  | { readonly from: 'user'; readonly type: 'end' }
  | { readonly from: 'user'; readonly type: 'reset'; readonly error: string }

export type StreamEffect =
  | { readonly send: 'data'; readonly bytes: number }
  | { readonly send: 'credit'; readonly bytes: number }
  | { readonly send: 'end' }
  | { readonly send: 'close'; readonly error?: string }
  | { readonly tell: 'opened' | 'data' | 'end' | 'writable' | 'closed' }
  | { readonly tell: 'refused'; readonly message: string; readonly code?: string | undefined }
  | { readonly tell: 'reset'; readonly message: string }
  /** The peer broke the rules of this stream. */
  | { readonly tell: 'broken'; readonly message: string }

export interface StreamRules {
  /** What this end takes before it gives credit, in bytes. */
  readonly ownWindow: number
  /** What the peer takes; infinite when it has not said. */
  readonly peerWindow: number
  /** Whether both know `credit` and `connect_end`. */
  readonly knowsHalfClose: boolean
  /**
   * The end at which the program is that asked for the stream. To a peer that knows no half-close it does not say that
   * this program has nothing more to send: the answer would be lost.
   */
  readonly isAgent: boolean
}

export interface StreamStep {
  readonly state: StreamState
  readonly effects: readonly StreamEffect[]
}

type Open = Extract<StreamState, { phase: 'open' }>

const CLOSED: StreamState = { phase: 'closed' }

export const OPENING: StreamState = { phase: 'opening' }

export function opened({ peerWindow }: StreamRules): Open {
  return { phase: 'open', localEnded: false, remoteEnded: false, sendLeft: peerWindow, received: 0 }
}

/** What an event makes of a stream. What comes for a closed one was under way when it closed, and means nothing. */
export function streamStep(state: StreamState, event: StreamEvent, rules: StreamRules): StreamStep {
  if (state.phase === 'closed') return { state, effects: [] }
  if (event.from === 'user' && event.type === 'reset')
    return { state: CLOSED, effects: [{ send: 'close', error: event.error }, { tell: 'closed' }] }
  if (event.from === 'peer' && event.type === 'close') return closedByPeer(state, event.error)
  if (state.phase === 'opening') return whileOpening(state, event, rules)
  return event.from === 'peer' ? fromPeer(state, event, rules) : fromUser(state, event, rules)
}

function whileOpening(state: StreamState, event: StreamEvent, rules: StreamRules): StreamStep {
  if (event.from === 'user') return { state, effects: [] }
  if (event.type === 'ack') return { state: opened(rules), effects: [{ tell: 'opened' }] }
  if (event.type === 'nack') {
    const { message, code } = event
    return { state: CLOSED, effects: [{ tell: 'refused', message, code }, { tell: 'closed' }] }
  }
  return broken(`${event.type} before the stream was open`)
}

function closedByPeer(state: StreamState, error: string | undefined): StreamStep {
  if (state.phase !== 'open')
    // Servers of the first version say so instead of a negative acknowledgement.
    return { state: CLOSED, effects: [{ tell: 'refused', message: error ?? 'closed' }, { tell: 'closed' }] }
  if (error !== undefined)
    return { state: CLOSED, effects: [{ tell: 'reset', message: error }, { tell: 'closed' }] }
  const end: StreamEffect[] = state.remoteEnded ? [] : [{ tell: 'end' }]
  return { state: CLOSED, effects: [...end, { tell: 'closed' }] }
}

function fromPeer(state: Open, event: StreamEvent & { from: 'peer' }, rules: StreamRules): StreamStep {
  switch (event.type) {
    case 'data': {
      if (state.remoteEnded) return broken('data after its end')
      const received = state.received + event.bytes
      if (rules.knowsHalfClose && received > rules.ownWindow)
        return broken('more data than it had credit for')
      return { state: { ...state, received }, effects: [{ tell: 'data' }] }
    }
    case 'credit':
      return { state: { ...state, sendLeft: state.sendLeft + event.bytes }, effects: [{ tell: 'writable' }] }
    case 'end':
      if (state.remoteEnded) return broken('a second end')
      return ended({ ...state, remoteEnded: true }, [{ tell: 'end' }])
    default:
      return broken(`${event.type} on a stream that is open`)
  }
}

function fromUser(state: Open, event: StreamEvent & { from: 'user' }, rules: StreamRules): StreamStep {
  switch (event.type) {
    case 'data':
      return {
        state: { ...state, sendLeft: state.sendLeft - event.bytes },
        effects: [{ send: 'data', bytes: event.bytes }],
      }
    case 'taken': {
      const received = state.received - event.bytes
      const effects: StreamEffect[] = rules.knowsHalfClose ? [{ send: 'credit', bytes: event.bytes }] : []
      return { state: { ...state, received }, effects: state.remoteEnded ? [] : effects }
    }
    case 'end': {
      if (state.localEnded) return { state, effects: [] }
      if (rules.knowsHalfClose) return ended({ ...state, localEnded: true }, [{ send: 'end' }])
      if (rules.isAgent) return ended({ ...state, localEnded: true }, [])
      const end: StreamEffect[] = state.remoteEnded ? [] : [{ tell: 'end' }]
      return { state: CLOSED, effects: [{ send: 'close' }, ...end, { tell: 'closed' }] }
    }
    case 'reset':
      return { state, effects: [] }
  }
}

function ended(state: Open, effects: readonly StreamEffect[]): StreamStep {
  if (!state.localEnded || !state.remoteEnded) return { state, effects }
  return { state: CLOSED, effects: [...effects, { tell: 'closed' }] }
}

function broken(what: string): StreamStep {
  const message = `The other end of the tunnel sent ${what}.`
  return {
    state: CLOSED,
    effects: [{ send: 'close', error: message }, { tell: 'broken', message }, { tell: 'closed' }],
  }
}
