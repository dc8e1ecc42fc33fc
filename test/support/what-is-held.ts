import { readdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import { queryObjects, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a process holds that should go with what it served. */
export interface Held {
  /** Open file descriptors. */
  readonly files: number
  /** Timers, sockets and listeners that keep the process alive. */
  readonly handles: number
  /** Living instances by class. */
  readonly objects: Readonly<Record<string, number>>
  /** JavaScript and buffers, after garbage was collected. */
  readonly bytes: number
  readonly rssBytes: number
}

type Class = abstract new (...args: never[]) => object

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Counts in this process, by what V8 and Linux say; the classes have to be those that the code under test has. */
export function whatIsHeld(classes: readonly Class[]): Held {
  collect()
  const { arrayBuffers, heapUsed, rss } = process.memoryUsage()
  return {
    files: readdirSync('/proc/self/fd').length,
    handles: process.getActiveResourcesInfo().filter((name) => !PASSING.has(name)).length,
    objects: Object.fromEntries(
      classes.map((one) => [one.name, queryObjects(one as typeof Socket, { format: 'count' })]),
    ),
    bytes: heapUsed + arrayBuffers,
    rssBytes: rss,
  }
}

/** What there is more of than before, but for memory; empty where nothing is. */
export function excessOver(before: Held, now: Held): string[] {
  const rows = [
    ['files', before.files, now.files] as const,
    ['handles', before.handles, now.handles] as const,
    ...Object.entries(now.objects).map(([name, count]) => [name, before.objects[name] ?? 0, count] as const),
  ]
  return rows.filter(([, was, is]) => is > was).map(([name, was, is]) => `${is - was} ${name}`)
}

/** Work that is under way for a moment, such as the read of a file. */
const PASSING: ReadonlySet<string> = new Set(['FSReqCallback', 'FSReqPromise', 'Immediate', 'TickObject'])
