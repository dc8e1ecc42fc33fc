import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import type { Logger } from '../../node/log.ts'
import type { ControlKind } from '../../shared/state/egress.ts'

/** As many as say what is usual now; older ones are of another image or region. */
const RUNS_KEPT = 9

const history = z.record(z.string(), z.array(z.number().nonnegative()))

export interface TypicalTime {
  /** Median of the last runs in milliseconds; `undefined` while there is none. */
  ms(): Promise<number | undefined>
  add(ms: number): Promise<void>
}

/** How long waking takes as a rule, kept in a small file. What cannot be read or written is no reason not to wake. */
export function typicalTime(path: string | undefined, kind: ControlKind, log: Logger): TypicalTime {
  let runs: Promise<Record<string, number[]>> | undefined
  const load = () => {
    runs ??= read(path)
    return runs
  }
  return {
    ms: async () => median((await load())[kind] ?? []),
    add: async (ms) => {
      const all = await load()
      all[kind] = [...(all[kind] ?? []), Math.round(ms)].slice(-RUNS_KEPT)
      if (path === undefined) return
      await writeFileAtomic(path, `${JSON.stringify(all)}\n`).catch((error: unknown) =>
        log.warn({ err: error }, 'could not remember how long the tunnel server took to start'),
      )
    },
  }
}

async function read(path: string | undefined): Promise<Record<string, number[]>> {
  if (path === undefined) return {}
  try {
    return history.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    // There was no run yet, or somebody wrote something else: what is usual is learnt anew.
    return {}
  }
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}
