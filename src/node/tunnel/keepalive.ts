/** All in milliseconds. */
export interface KeepaliveTimings {
  readonly tickMs: number
  /** Silence on an idle tunnel after which its peer is asked for a sign of life. */
  readonly idleMs: number
  readonly idleReplyMs: number
  /** Silence after something was sent. */
  readonly busyMs: number
  readonly busyReplyMs: number
}

/** A dead server is found within 8.5 s when something waits for an answer, otherwise within 23.5 s. */
export const AGENT_KEEPALIVE: KeepaliveTimings = {
  tickMs: 500,
  idleMs: 15_000,
  idleReplyMs: 8_000,
  busyMs: 3_000,
  busyReplyMs: 5_000,
}

/** The agent asks first; the server only has to notice those that vanished, to give their places away. */
export const SERVER_KEEPALIVE: KeepaliveTimings = {
  tickMs: 5_000,
  idleMs: 45_000,
  idleReplyMs: 20_000,
  busyMs: 30_000,
  busyReplyMs: 20_000,
}

export interface WatchedPeer {
  bytesReceived(): number
  bytesSent(): number
  /** Asks for a sign of life; any byte that comes is one. */
  ping(onRoundTrip: () => void): void
  dead(silentMs: number): void
}

/**
 * Finds out whether a peer still answers. Time is counted in ticks and not in differences of clocks: a machine that
 * slept cannot make a silence look longer than it was.
 *
 * @returns what ends the watch.
 */
export function startKeepalive(peer: WatchedPeer, timings: KeepaliveTimings): () => void {
  let received = peer.bytesReceived()
  let sentAtLastReceived = peer.bytesSent()
  let sentAtLastTick = sentAtLastReceived
  let silentMs = 0
  let replyLeftMs: number | undefined
  const tick = (): void => {
    const now = peer.bytesReceived()
    if (now !== received) {
      received = now
      // What was sent since the last tick may have gone out after the last byte came in.
      sentAtLastReceived = sentAtLastTick
      silentMs = 0
      replyLeftMs = undefined
    } else {
      silentMs += timings.tickMs
      judge()
    }
    sentAtLastTick = peer.bytesSent()
  }
  const judge = (): void => {
    const isBusy = peer.bytesSent() > sentAtLastReceived
    if (replyLeftMs !== undefined) {
      replyLeftMs -= timings.tickMs
      if (replyLeftMs <= 0) {
        clearInterval(timer)
        peer.dead(silentMs)
      }
    } else if (silentMs >= (isBusy ? timings.busyMs : timings.idleMs)) {
      replyLeftMs = isBusy ? timings.busyReplyMs : timings.idleReplyMs
      peer.ping(() => {
        replyLeftMs = undefined
        silentMs = 0
      })
    }
  }
  const timer = setInterval(tick, timings.tickMs)
  timer.unref()
  return () => clearInterval(timer)
}
