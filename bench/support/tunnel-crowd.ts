import type { Socket } from 'node:net'
import { usageOf } from './process-usage.ts'
import { exchange, type Open, type Small, small } from './tunnel-load.ts'

/** Streams that are open at once, and what they cost; sizes are KiB. */
export interface Crowd {
  readonly opened: number
  readonly opensPerSecond: number
  readonly kibEach: number
  /** Of all processes while they are open. */
  readonly mibInAll: number
  /** 1 KiB there and back over so many more at the same time. */
  readonly active: Small
}

/** Opens at once: a listener of Linux holds 4,096 connections at most that nobody has accepted. */
const OPENING = 100

/**
 * Opens idle connections through a path, then works over others beside them.
 *
 * @param pids whose memory counts.
 */
async function crowd(
  open: Open,
  pids: readonly number[],
  counts: { readonly idle: number; readonly active: number; readonly ms: number },
): Promise<Crowd> {
  const before = (await usageOf(pids)).rssKiB
  const startedAt = performance.now()
  const message = Buffer.alloc(1024, 'e')
  const sockets: Socket[] = []
  const openOne = async (): Promise<Socket> => {
    const socket = await open()
    // The program at this end may have answered while the way to the host is not there yet.
    await exchange(socket, message)
    return socket
  }
  while (sockets.length < counts.idle) {
    const size = Math.min(OPENING, counts.idle - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: size }, openOne))))
  }
  const seconds = (performance.now() - startedAt) / 1000
  const full = (await usageOf(pids)).rssKiB
  const active = await small(open, counts.active, counts.ms)
  if (sockets.some(({ closed }) => closed)) throw new Error('An idle connection was closed.')
  // The host closes too, so that in the end nothing is left on the way.
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve).end())))
  return {
    opened: sockets.length,
    opensPerSecond: sockets.length / seconds,
    kibEach: (full - before) / sockets.length,
    mibInAll: full / 1024,
    active,
  }
}

/** Thrice: what the later crowds take in all, more than the first did, is what was left behind and no reserve of V8. */
export async function reportCrowds(
  name: string,
  open: Open,
  pids: readonly number[],
  counts: Parameters<typeof crowd>[2],
): Promise<void> {
  for (const which of ['first', 'second', 'third']) {
    const { opened, opensPerSecond, kibEach, mibInAll, active } = await crowd(open, pids, counts)
    const { p50Ms, p99Ms, perSecond } = active
    console.log(
      `${name}, ${which} crowd of ${opened} idle: ${kibEach.toFixed(1)} KiB more for each, ${mibInAll.toFixed(0)} MiB in all, ` +
        `${opensPerSecond.toFixed(0)} opened per s; beside them ${counts.active} active: ` +
        `1 KiB in ${p50Ms.toFixed(1)} ms (p99 ${p99Ms.toFixed(1)}), ${perSecond.toFixed(0)} per s`,
    )
  }
}
