import { readdir, readFile } from 'node:fs/promises'

export interface Usage {
  /** Time on a processor so far, user and system, of all threads that still live. */
  readonly cpuMs: number
  readonly rssKiB: number
}

/** Of these processes and all below them, as Linux counts it. */
export async function usageOf(pids: readonly number[]): Promise<Usage> {
  const all = new Set<number>()
  for (const pid of pids) await addFamily(pid, all)
  let cpuMs = 0
  let rssKiB = 0
  for (const pid of all) {
    const one = await usageOfOne(pid)
    cpuMs += one.cpuMs
    rssKiB += one.rssKiB
  }
  return { cpuMs, rssKiB }
}

/** Of this process alone. */
export async function usageOfOne(pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  let cpuMs = 0
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    // The first number is nanoseconds; the ticks of /proc/PID/stat are too coarse for an idle process.
    const [runNs = ''] = (await scheduledOf(pid, thread)).split(' ')
    cpuMs += Number(runNs) / 1e6
  }
  return { cpuMs, rssKiB: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) }
}

/** The most memory that this process alone has ever taken. */
export async function mostKiBOf(pid: number): Promise<number> {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

/** Nothing where it has ended since it was listed, as threads do that serve one connection each. */
async function scheduledOf(pid: number, thread: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')
  } catch (error) {
    // ESRCH: it ended while it was read.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}

async function addFamily(pid: number, all: Set<number>): Promise<void> {
  all.add(pid)
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  for (const child of children.split(' ').filter(Boolean)) await addFamily(Number(child), all)
}

/** Also of threads that are gone; in steps of 10 ms, which is the clock tick of Linux (proc(5)). */
export async function coarseCpuMs(pids: readonly number[]): Promise<number> {
  let ticks = 0
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // Behind the name, which may hold anything, `utime` and `stime` are the 12th and 13th.
    const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(user) + Number(system)
  }
  return ticks * 10
}
