import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Connection } from './connection.ts'
import type { ResolvedHost } from './resolved-host.ts'

/** All in milliseconds. */
export interface HeartbeatTimings {
  readonly tickMs: number
  /** Silence on an idle connection after which it is asked for a sign of life. */
  readonly idleMs: number
  /** How long the answer may take on an idle connection. */
  readonly idleReplyMs: number
  /** Silence after sending something that usually brings an answer. */
  readonly busyMs: number
  readonly busyReplyMs: number
  /** How long the answer may take after a wake or a change of the network. */
  readonly probeReplyMs: number
}

/** A dead peer is found within 8.5 s when bytes are waiting for an answer, otherwise within 18.5 s. */
export const HEARTBEAT: HeartbeatTimings = {
  tickMs: 500,
  idleMs: 10_000,
  idleReplyMs: 8_000,
  busyMs: 3_000,
  busyReplyMs: 5_000,
  probeReplyMs: 3_000,
}

/**
 * What the SSH config asks for where that is stricter than our own: a ServerAliveInterval of 5 s with a
 * ServerAliveCountMax of 3 finds a dead peer within 15 s (ssh_config(5)). 0 asks for nothing.
 */
export function heartbeatFor(
  host: Pick<ResolvedHost, 'serverAliveIntervalMs' | 'serverAliveCountMax'>,
  own: HeartbeatTimings,
): HeartbeatTimings {
  const { serverAliveIntervalMs: intervalMs, serverAliveCountMax: count } = host
  if (intervalMs <= 0) return own
  const idleMs = Math.min(own.idleMs, intervalMs)
  const deadAfterMs = intervalMs * Math.max(1, count)
  return {
    ...own,
    idleMs,
    idleReplyMs: Math.min(own.idleReplyMs, Math.max(deadAfterMs - idleMs, own.busyReplyMs)),
  }
}

/** A tick that comes this much later than planned means that the process or the machine stood still. */
const STANDSTILL_FACTOR = 4
/** A difference between the clocks that no scheduling explains: the machine slept or somebody set the clock. */
const CLOCK_JUMP_MS = 5_000

export interface Heartbeat {
  /** Asks now, and gives the peer `probeReplyMs` to answer. */
  probe(): void
  stop(): void
}

interface HeartbeatOptions {
  readonly connection: Connection
  readonly ambient: Ambient
  readonly timings: HeartbeatTimings
  readonly onRoundTrip: (roundTripMs: number) => void
}

/**
 * Finds out whether the peer still answers, and destroys the connection when it does not. Time is counted in
 * ticks of our own, never in differences of clocks: a machine that slept or a clock that was set cannot make
 * silence look longer than it was. Any received byte is a sign of life.
 */
export function startHeartbeat({ connection, ambient, timings, onRoundTrip }: HeartbeatOptions): Heartbeat {
  const { transport } = connection
  let lastReceived = transport.bytesReceived
  let sentAtLastReceived = transport.bytesSent
  let sentAtLastTick = transport.bytesSent
  let silentMs = 0
  /** Silence beyond this is death; undefined while no question is open. */
  let replyLeftMs: number | undefined
  let lastTickAt = ambient.monotonicMs()
  let lastWallGap = ambient.now() - lastTickAt

  function ask(replyMs: number): void {
    if (!connection.isOpen) return
    // What came before the question is no answer to it.
    noteReceived()
    replyLeftMs = replyLeftMs === undefined ? replyMs : Math.min(replyLeftMs, replyMs)
    void connection.roundTrip(ambient.monotonicMs).then((roundTripMs) => {
      if (roundTripMs === undefined) return
      replyLeftMs = undefined
      onRoundTrip(roundTripMs)
    })
  }

  function noteReceived(): void {
    lastReceived = transport.bytesReceived
    // What was sent since the last tick may have gone out after the last byte came in, and then still waits.
    sentAtLastReceived = sentAtLastTick
  }

  /** After a standstill the answers may sit unread in the kernel, so the old question is asked afresh. */
  function stoodStill(): boolean {
    const now = ambient.monotonicMs()
    const wallGap = ambient.now() - now
    const wasLate = now - lastTickAt > timings.tickMs * STANDSTILL_FACTOR
    const jumped = Math.abs(wallGap - lastWallGap) > CLOCK_JUMP_MS
    lastTickAt = now
    lastWallGap = wallGap
    return wasLate || jumped
  }

  function tick(): void {
    check()
    sentAtLastTick = transport.bytesSent
  }

  function check(): void {
    const hasStoodStill = stoodStill()
    if (transport.bytesReceived !== lastReceived) {
      noteReceived()
      silentMs = 0
      replyLeftMs = undefined
      return
    }
    if (hasStoodStill) {
      replyLeftMs = undefined
      ask(timings.probeReplyMs)
      return
    }
    silentMs += timings.tickMs
    if (replyLeftMs !== undefined) {
      replyLeftMs -= timings.tickMs
      if (replyLeftMs <= 0) connection.destroy(dead())
      return
    }
    const isBusy = transport.bytesWaiting > 0 || transport.bytesSent > sentAtLastReceived
    if (isBusy && silentMs >= timings.busyMs) ask(timings.busyReplyMs)
    else if (silentMs >= timings.idleMs) ask(timings.idleReplyMs)
  }

  function dead(): AppError {
    const seconds = Math.round(silentMs / 1000)
    return new AppError('ssh.peer-dead', `${connection.place} has not answered for ${seconds} s.`)
  }

  const timer = setInterval(tick, timings.tickMs)
  const stop = () => clearInterval(timer)
  void connection.ended.then(stop)
  return {
    probe: () => {
      silentMs = 0
      ask(timings.probeReplyMs)
    },
    stop,
  }
}
